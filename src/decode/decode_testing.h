// What the tests of decoding share: batches from text, and what came out as text.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/config/config.h"
#include "src/decode/decoder.h"
#include "src/model/raw_batch.h"
#include "src/model/reading_batch.h"

namespace avocet {

/// 2021-06-16T00:00:00Z.
inline constexpr int64_t kTestNowUs = 1'623'801'600'000'000;

/// Device `device_id`, time `timestamp`, and the given metrics read from fields of the same name.
inline SchemaConfig SchemaOf(const std::vector<std::string>& metrics) {
  SchemaConfig schema;
  for (const std::string& name : metrics) {
    MetricConfig metric;
    metric.name = name;
    metric.field = name;
    schema.metrics.push_back(metric);
  }
  return schema;
}

inline RawBatch MakeRawBatch(const std::vector<std::string>& records) {
  RawBatch raw;
  raw.source = "file";
  raw.partition = "a.ndjson";
  std::string text;
  for (const std::string& record : records) {
    raw.records.push_back({static_cast<uint32_t>(text.size()), static_cast<uint32_t>(record.size()),
                           static_cast<int64_t>(text.size())});
    text += record + "\n";
  }
  auto bytes = SharedBytes::Allocate(text.size());
  std::memcpy(bytes->data.get(), text.data(), text.size());
  bytes->size = text.size();
  raw.bytes = std::move(bytes);
  return raw;
}

inline RawBatch MakeCsvBatch(const std::vector<std::string>& header,
                             const std::vector<std::string>& rows, char delimiter = ',') {
  RawBatch raw = MakeRawBatch(rows);
  raw.format = RecordFormat::kCsv;
  raw.csv_header = std::make_shared<const std::vector<std::string>>(header);
  raw.csv_delimiter = delimiter;
  return raw;
}

inline ReadingBatch DecodeAll(Decoder* decoder, const RawBatch& raw) {
  ReadingBatch out;
  decoder->Decode(raw, 0, raw.records.size(), kTestNowUs, &out);
  return out;
}

inline ReadingBatch DecodeRecords(const SchemaConfig& schema,
                                  const std::vector<std::string>& records) {
  const auto decoder = MakeDecoder(schema);
  return DecodeAll(decoder.get(), MakeRawBatch(records));
}

/// Device, time and metrics of a row as one line, doubles bit by bit; equal lines mean equal rows.
inline std::string RowText(const ReadingBatch& batch, size_t row) {
  std::string text(batch.device[row]);
  text += " " + std::to_string(batch.event_time_us[row]);
  for (const std::vector<double>& column : batch.metrics) {
    uint64_t bits = 0;
    std::memcpy(&bits, &column[row], sizeof(bits));
    text += " " + std::to_string(bits);
  }
  return text;
}

/// All rows and rejected records, one line each.
inline std::vector<std::string> BatchText(const ReadingBatch& batch) {
  std::vector<std::string> lines;
  for (size_t row = 0; row < batch.rows; ++row) {
    lines.push_back(std::to_string(batch.offset[row]) + " " + RowText(batch, row) + " " +
                    std::string(batch.payload[row]));
  }
  for (const RejectedRecord& rejected : batch.rejected) {
    lines.push_back(std::to_string(rejected.offset) + " " + rejected.code + " " + rejected.message +
                    " " + std::to_string(rejected.position) + " " + rejected.payload);
  }
  return lines;
}

}  // namespace avocet
