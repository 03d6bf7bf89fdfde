// Speed of the engine on one thread, without sources and lake: records in memory to rows.
//   engine_bench --benchmark_min_time=2
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/config/load.h"
#include "src/engine/builtin_detectors.h"
#include "src/engine/embedded_engine.h"
#include "src/env/env.h"
#include "src/source/simulate/simulator.h"

namespace avocet {
namespace {

// The same fleet, configuration and batches as in bench/wheel.py, which compares itself with this.
constexpr size_t kBatches = 50;
constexpr size_t kBatchRecords = 10'000;
constexpr size_t kTickRecords = 8192;
constexpr const char* kConfig =
    "engine: {threads: 1}\n"
    "schema: {metrics: {temperature: {}, humidity: {}, air_quality: {}, light: {}, loudness: {}}}\n"
    "detectors: [{type: zscore}]\n";

RawBatch NextBatch(Simulator* simulator, size_t records) {
  RawBatch batch;
  auto bytes = SharedBytes::Allocate(records * Simulator::kMostRecordBytes);
  char* at = bytes->data.get();
  while (batch.records.size() < records) {
    char* const end = simulator->Next(at);
    batch.records.push_back({.begin = static_cast<uint32_t>(at - bytes->data.get()),
                             .size = static_cast<uint32_t>(end - at),
                             .offset = 0});
    at = end;
  }
  bytes->size = static_cast<size_t>(at - bytes->data.get());
  batch.bytes = std::move(bytes);
  return batch;
}

// Batches of kBatchRecords, cut into ticks.
std::vector<std::vector<RawBatch>> MakeBatches() {
  SimulateSourceConfig fleet;
  fleet.devices = 1000;
  fleet.period = std::chrono::seconds(60);
  Simulator simulator(fleet, 1'623'715'200'000'000);
  std::vector<std::vector<RawBatch>> batches(kBatches);
  for (auto& ticks : batches) {
    ticks.push_back(NextBatch(&simulator, kTickRecords));
    ticks.push_back(NextBatch(&simulator, kBatchRecords - kTickRecords));
  }
  return batches;
}

void ProcessRecords(benchmark::State& state) {
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  const LoadedConfig loaded = ParseConfig(kConfig, "bench", nothing, DetectorSpecs());
  if (!loaded.errors.empty()) state.SkipWithError(loaded.errors.front().message.c_str());
  const auto batches = MakeBatches();
  for (auto _ : state) {
    EmbeddedEngine engine(loaded.config, Env::Posix());
    for (const auto& ticks : batches) {
      for (const RawBatch& tick : ticks) {
        const Status status = engine.Process({tick}, kNoFuture, /*replayed=*/false);
        if (!status.ok()) state.SkipWithError(status.message().c_str());
      }
      benchmark::DoNotOptimize(engine.rows().Bytes());
      engine.ClearRows();
    }
    if (engine.processor().totals().accepted != kBatches * kBatchRecords) {
      state.SkipWithError("not every record was accepted");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatches * kBatchRecords));
}
BENCHMARK(ProcessRecords)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avocet
