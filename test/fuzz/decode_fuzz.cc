// Decoding of records that anyone may have written. The first byte chooses the kind of records and
// the schema; the rest is one record a line.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/check.h"
#include "src/decode/decoder.h"

namespace avocet {
namespace {

constexpr int64_t kNowUs = 1'700'000'000'000'000;

MetricConfig Metric(const char* name, const char* field) {
  MetricConfig metric;
  metric.name = name;
  metric.field = field;
  return metric;
}

SchemaConfig MakeSchema(uint8_t choice) {
  SchemaConfig schema;
  schema.metrics = {Metric("temperature", "temperature"), Metric("x", "data.x"),
                    Metric("v", "readings.0.v")};
  schema.evolve = (choice & 2) != 0;
  if ((choice & 4) != 0) {
    schema.metric_field = "metric";
    schema.value_field = "value";
  }
  if ((choice & 8) != 0) schema.device_constant = "hall-1";
  return schema;
}

RawBatch MakeBatch(const std::vector<std::string_view>& records) {
  RawBatch raw;
  size_t size = 0;
  for (const std::string_view record : records) size += record.size();
  auto bytes = SharedBytes::Allocate(size);
  for (const std::string_view record : records) {
    std::memcpy(bytes->data.get() + bytes->size, record.data(), record.size());
    raw.records.push_back({static_cast<uint32_t>(bytes->size), static_cast<uint32_t>(record.size()),
                           static_cast<int64_t>(raw.records.size())});
    bytes->size += record.size();
  }
  raw.bytes = std::move(bytes);
  return raw;
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool IsSame(double a, double b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

void CheckSameRows(const ReadingBatch& a, const ReadingBatch& b) {
  AVOCET_CHECK(a.rows == b.rows && a.metrics.size() == b.metrics.size());
  for (size_t row = 0; row < a.rows; ++row) {
    AVOCET_CHECK(a.device[row] == b.device[row]);
    AVOCET_CHECK(a.event_time_us[row] == b.event_time_us[row]);
    AVOCET_CHECK(a.payload[row] == b.payload[row]);
    for (size_t i = 0; i < a.metrics.size(); ++i) {
      AVOCET_CHECK(IsSame(a.metrics[i][row], b.metrics[i][row]));
    }
  }
}

// Every record is a row or rejected, exactly once and in order; blank ones are nothing.
void CheckComplete(const RawBatch& raw, const ReadingBatch& batch) {
  size_t row = 0;
  size_t rejected = 0;
  for (const RawRecord& record : raw.records) {
    const bool is_row = row < batch.rows && batch.offset[row] == record.offset;
    const bool is_rejected =
        rejected < batch.rejected.size() && batch.rejected[rejected].offset == record.offset;
    AVOCET_CHECK(!(is_row && is_rejected));
    AVOCET_CHECK(is_row || is_rejected || record.size < 4 ||
                 raw.Bytes(record).find_first_not_of(" \t\r\n\xEF\xBB\xBF") ==
                     std::string_view::npos);
    AVOCET_CHECK(!is_rejected || batch.rejected[rejected].payload == raw.Bytes(record));
    row += is_row ? 1 : 0;
    rejected += is_rejected ? 1 : 0;
  }
  AVOCET_CHECK(row == batch.rows && rejected == batch.rejected.size());
}

void Run(uint8_t choice, std::string_view text) {
  std::vector<std::string_view> records = SplitLines(text);
  std::shared_ptr<const std::vector<std::string>> header;
  if ((choice & 1) != 0) {
    if (records.empty()) return;
    std::vector<std::string> names;
    std::string_view line = records.front();
    for (bool is_last = false; !is_last;) {
      const size_t comma = line.find(',');
      is_last = comma == std::string_view::npos;
      names.emplace_back(line.substr(0, comma));
      line.remove_prefix(is_last ? line.size() : comma + 1);
    }
    header = std::make_shared<const std::vector<std::string>>(std::move(names));
    records.erase(records.begin());
  }
  RawBatch raw = MakeBatch(records);
  raw.csv_header = header;
  raw.format = header ? RecordFormat::kCsv : RecordFormat::kJson;

  const auto decoder = MakeDecoder(MakeSchema(choice));
  ReadingBatch batch;
  decoder->Decode(raw, 0, raw.records.size(), kNowUs, &batch);
  CheckComplete(raw, batch);

  const RawBatch payloads = MakeBatch(batch.payload);
  ReadingBatch again;
  decoder->Decode(payloads, 0, payloads.records.size(), kNowUs, &again);
  CheckSameRows(batch, again);
}

}  // namespace
}  // namespace avocet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(data + 1, data + size);
  avocet::Run(data[0], text);
  return 0;
}
