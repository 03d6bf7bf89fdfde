#include "src/source/push/push_entry.h"

#include <cstring>
#include <utility>

#include "src/base/json_writer.h"
#include "src/source/position_text.h"

namespace avocet {

std::string EncodePushLabel(const PushLabel& label) {
  JsonWriter json;
  json.BeginObject().Field("received_us", label.received_us);
  if (!label.partition.empty()) json.Field("partition", label.partition);
  if (label.format == RecordFormat::kCsv) {
    json.Field("delimiter", std::string_view(&label.csv_delimiter, 1));
    json.Key("header").BeginArray();
    for (const std::string& column : *label.csv_header) json.String(column);
    json.EndArray();
  }
  if (!label.key.empty()) {
    json.Field("key", label.key).Field("body_hash", label.body_hash);
    json.Field("accepted", label.accepted).Field("rejected", label.rejected);
  }
  if (!label.refusal_code.empty()) {
    json.Field("refusal_code", label.refusal_code).Field("refusal", label.refusal);
  }
  return json.EndObject().Take();
}

Result<PushLabel> DecodePushLabel(std::string_view text) {
  AVOCET_ASSIGN_OR_RETURN(const PositionText json, PositionText::Parse(text));
  PushLabel label;
  label.received_us = static_cast<int64_t>(json.Unsigned("received_us"));
  label.partition = json.String("partition");
  if (json.Has("header")) {
    label.format = RecordFormat::kCsv;
    label.csv_header = std::make_shared<const std::vector<std::string>>(json.Strings("header"));
    const std::string delimiter = json.String("delimiter");
    if (delimiter.size() != 1) return Status::Corrupt("the label of an entry has no delimiter");
    label.csv_delimiter = delimiter.front();
  }
  label.refusal_code = json.String("refusal_code");
  label.refusal = json.String("refusal");
  label.key = json.String("key");
  label.body_hash = json.Unsigned("body_hash");
  label.accepted = static_cast<uint32_t>(json.Unsigned("accepted"));
  label.rejected = static_cast<uint32_t>(json.Unsigned("rejected"));
  return label;
}

std::string EncodePushPayload(const RawBatch& batch, const std::vector<bool>& chosen) {
  size_t bytes = 0;
  for (const RawRecord& record : batch.records) bytes += sizeof(uint32_t) + record.size;
  std::string payload;
  payload.reserve(bytes);
  for (size_t i = 0; i < batch.records.size(); ++i) {
    const uint32_t size = batch.records[i].size;
    if (chosen[i]) payload.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  for (size_t i = 0; i < batch.records.size(); ++i) {
    if (chosen[i]) payload.append(batch.Bytes(batch.records[i]));
  }
  return payload;
}

std::string EncodePushPayload(const std::vector<std::string>& records) {
  std::string payload;
  for (const std::string& record : records) {
    const auto size = static_cast<uint32_t>(record.size());
    payload.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  for (const std::string& record : records) payload += record;
  return payload;
}

Result<RawBatch> DecodePushPayload(const PushLabel& label, std::string_view payload,
                                   uint64_t first_record, uint32_t num_records) {
  const size_t sizes_bytes = size_t{num_records} * sizeof(uint32_t);
  if (payload.size() < sizes_bytes) {
    return Status::Corrupt("the payload of an entry is shorter than its sizes");
  }
  RawBatch batch;
  batch.format = label.format;
  batch.csv_header = label.csv_header;
  batch.csv_delimiter = label.csv_delimiter;
  batch.partition = label.partition;
  const std::string_view records = payload.substr(sizes_bytes);
  auto bytes = SharedBytes::Allocate(records.size());
  if (!records.empty()) std::memcpy(bytes->data.get(), records.data(), records.size());
  bytes->size = records.size();
  batch.bytes = std::move(bytes);
  batch.records.reserve(num_records);
  size_t begin = 0;
  for (uint32_t i = 0; i < num_records; ++i) {
    uint32_t size = 0;
    std::memcpy(&size, payload.data() + i * sizeof size, sizeof size);
    if (size > records.size() - begin) {
      return Status::Corrupt("the payload of an entry is shorter than its records");
    }
    batch.records.push_back(
        {static_cast<uint32_t>(begin), size, static_cast<int64_t>(first_record + i)});
    begin += size;
  }
  if (begin != records.size()) {
    return Status::Corrupt("the payload of an entry is longer than its records");
  }
  return batch;
}

}  // namespace avocet
