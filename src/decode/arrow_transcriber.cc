#include "src/decode/arrow_transcriber.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "src/base/floor_divide.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

template <typename Integer>
void AppendInteger(Integer value, std::string* json) {
  char text[24];
  json->append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

void AppendTime(int64_t micros, TimeFormat format, std::string* json) {
  switch (format) {
    case TimeFormat::kAuto:
    case TimeFormat::kIso8601:
      json->append("\"").append(FormatTimestamp(micros)).append("\"");
      return;
    case TimeFormat::kEpochS:
    case TimeFormat::kEpochMs:
    case TimeFormat::kEpochUs: {
      const int64_t unit = format == TimeFormat::kEpochS    ? 1'000'000
                           : format == TimeFormat::kEpochMs ? 1000
                                                            : 1;
      AppendInteger(FloorDivide(micros, unit), json);
      const int64_t rest = micros - FloorDivide(micros, unit) * unit;
      if (rest == 0) return;
      // Times of day before 1970 are rejected anyhow, so that the fraction need not count down.
      std::string digits = std::to_string(unit + rest);
      digits.front() = '.';
      json->append(digits);
      return;
    }
    case TimeFormat::kEpochNs:
      AppendInteger(micros, json);
      if (micros != 0) json->append("000");
      return;
  }
}

void AppendNumber(double value, std::string* json) {
  if (std::isinf(value)) {
    json->append(value > 0 ? "\"inf\"" : "\"-inf\"");  // decoding says what is wrong with it
  } else {
    AppendJsonDouble(value, json);
  }
}

}  // namespace

Result<ArrowTranscriber> ArrowTranscriber::Make(const ArrowSchema& columns,
                                                const SchemaConfig& schema) {
  ArrowTranscriber transcriber;
  AVOCET_ASSIGN_OR_RETURN(transcriber.columns_, ArrowColumnsOf(columns));
  transcriber.fields_ = FieldsOf(transcriber.columns_, "", schema);
  return transcriber;
}

std::vector<ArrowTranscriber::Field> ArrowTranscriber::FieldsOf(
    const std::vector<ArrowColumn>& columns, const std::string& path, const SchemaConfig& schema) {
  std::vector<Field> fields;
  for (const ArrowColumn& column : columns) {
    Field field;
    field.prefix.push_back(fields.empty() ? '{' : ',');
    AppendJsonString(column.name(), &field.prefix);
    field.prefix.push_back(':');
    const std::string name = path + column.name();
    // Only the time that is asked for: as a number another one would be a metric.
    if (name == schema.time_field) field.time_format = schema.time_format;
    field.members = FieldsOf(column.children(), name + ".", schema);
    fields.push_back(std::move(field));
  }
  return fields;
}

RawBatch ArrowTranscriber::Transcribe(const ArrowArray& table, size_t begin, size_t end,
                                      int64_t first_offset) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].SetArray(*table.children[i]);
  RawBatch batch;
  batch.source = "table";
  batch.records.reserve(end - begin);
  json_.clear();
  for (size_t row = begin; row < end; ++row) {
    const size_t start = json_.size();
    AppendObject(fields_, columns_, row + static_cast<size_t>(table.offset), &json_);
    batch.records.push_back({.begin = static_cast<uint32_t>(start),
                             .size = static_cast<uint32_t>(json_.size() - start),
                             .offset = first_offset + static_cast<int64_t>(row - begin)});
  }
  auto bytes = SharedBytes::Allocate(json_.size());
  if (!json_.empty()) std::memcpy(bytes->data.get(), json_.data(), json_.size());
  bytes->size = json_.size();
  batch.bytes = std::move(bytes);
  return batch;
}

void ArrowTranscriber::AppendObject(const std::vector<Field>& fields,
                                    const std::vector<ArrowColumn>& columns, size_t row,
                                    std::string* json) {
  if (columns.empty()) json->push_back('{');
  for (size_t i = 0; i < columns.size(); ++i) {
    json->append(fields[i].prefix);
    AppendValue(fields[i], columns[i], row, json);
  }
  json->push_back('}');
}

void ArrowTranscriber::AppendValue(const Field& field, const ArrowColumn& column, size_t row,
                                   std::string* json) {
  if (column.IsNull(row)) {
    json->append("null");
    return;
  }
  switch (column.kind()) {
    case ArrowKind::kNull:
      json->append("null");
      return;
    case ArrowKind::kBool:
      json->append(column.Int(row) != 0 ? "true" : "false");
      return;
    case ArrowKind::kInt:
      AppendInteger(column.Int(row), json);
      return;
    case ArrowKind::kUint64:
      AppendInteger(column.Uint(row), json);
      return;
    case ArrowKind::kDouble:
      AppendNumber(column.Double(row), json);
      return;
    case ArrowKind::kText:
      AppendJsonString(column.Text(row), json);
      return;
    case ArrowKind::kTime:
      AppendTime(column.Int(row), field.time_format, json);
      return;
    case ArrowKind::kStruct:
      AppendObject(field.members, column.children(), column.ChildRow(row), json);
      return;
  }
}

}  // namespace avocet
