// Decoding speed on one core. Run with --benchmark_filter=... ; items are records.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "src/base/check.h"
#include "src/decode/decoder.h"

namespace avocet {
namespace {

constexpr size_t kRecords = 20'000;
constexpr int64_t kNowUs = 1'700'000'000'000'000;

double Temperature(size_t i) { return static_cast<double>(2000 + i % 1800) / 100; }

SchemaConfig FiveMetrics() {
  SchemaConfig schema;
  for (const char* name : {"temperature", "humidity", "air_quality", "light", "loudness"}) {
    MetricConfig metric;
    metric.name = name;
    metric.field = name;
    schema.metrics.push_back(metric);
  }
  return schema;
}

std::string Record(const char* format, size_t i) {
  char text[256];
  const int size = std::snprintf(
      text, sizeof(text), format, static_cast<int>(i % 5000), static_cast<int>(i % 60),
      Temperature(i), static_cast<double>(3000 + i % 4000) / 100, static_cast<int>(75 + i % 13),
      static_cast<int>(600 + i % 99), static_cast<int>(100 + i % 7));
  return std::string(text, static_cast<size_t>(size));
}

constexpr const char* kJson =
    R"({"device_id":"dev-%04d","timestamp":"2021-06-15T18:28:%02d.000Z","temperature":%.2f,)"
    R"("humidity":%.2f,"air_quality":%d,"light":%d,"loudness":%d})";
constexpr const char* kOtherJson =
    R"({"timestamp":"2021-06-15T18:28:%2$02dZ","temperature":%3$.2f,"device_id":"dev-%1$04d",)"
    R"("humidity":%4$.2f,"light":%6$d,"loudness":%7$d,"air_quality":%5$d})";
constexpr const char* kNestedJson =
    R"({"device_id":"dev-%04d","timestamp":"2021-06-15T18:28:%02d.000Z","meta":{"fw":"1.2",)"
    R"("tags":["a","b"]},"temperature":%.2f,"humidity":%.2f,"air_quality":%d,"light":%d,)"
    R"("loudness":%d})";
constexpr const char* kCsv = "dev-%04d,2021-06-15T18:28:%02d.000Z,%.2f,%.2f,%d,%d,%d";

RawBatch MakeBatch(const std::vector<const char*>& formats) {
  RawBatch raw;
  std::string text;
  for (size_t i = 0; i < kRecords; ++i) {
    const std::string record = Record(formats[i % formats.size()], i);
    raw.records.push_back({static_cast<uint32_t>(text.size()), static_cast<uint32_t>(record.size()),
                           static_cast<int64_t>(text.size())});
    text += record + "\n";
  }
  auto bytes = SharedBytes::Allocate(text.size());
  std::memcpy(bytes->data.get(), text.data(), text.size());
  bytes->size = text.size();
  raw.bytes = bytes;
  return raw;
}

void Check(const ReadingBatch& batch) {
  AVOCET_CHECK(batch.rows == kRecords && batch.rejected.empty());
  double sum = 0;
  double want = 0;
  for (size_t i = 0; i < kRecords; ++i) {
    sum += batch.metrics[0][i];
    want += Temperature(i);
  }
  AVOCET_CHECK(std::abs(sum - want) < 1e-6);
  AVOCET_CHECK(batch.device[42] == "dev-0042");
  AVOCET_CHECK(batch.event_time_us[42] == 1'623'781'722'000'000);
}

void Run(benchmark::State& state, const RawBatch& raw) {
  auto decoder = MakeDecoder(FiveMetrics());
  ReadingBatch batch;
  for (auto _ : state) decoder->Decode(raw, 0, raw.records.size(), kNowUs, &batch);
  Check(batch);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRecords));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(raw.bytes->size));
}

void BM_DecodeJson(benchmark::State& state) { Run(state, MakeBatch({kJson})); }
void BM_DecodeTwoLayouts(benchmark::State& state) { Run(state, MakeBatch({kJson, kOtherJson})); }
void BM_DecodeNestedExtras(benchmark::State& state) { Run(state, MakeBatch({kNestedJson})); }
void BM_DecodeCsv(benchmark::State& state) {
  RawBatch raw = MakeBatch({kCsv});
  raw.format = RecordFormat::kCsv;
  raw.csv_header = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{
      "device_id", "timestamp", "temperature", "humidity", "air_quality", "light", "loudness"});
  Run(state, raw);
}

BENCHMARK(BM_DecodeJson);
BENCHMARK(BM_DecodeTwoLayouts);
BENCHMARK(BM_DecodeNestedExtras);
BENCHMARK(BM_DecodeCsv);

}  // namespace
}  // namespace avocet
