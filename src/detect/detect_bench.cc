// Nanoseconds per value and bytes per series of every detector, with state that fits the cache
// (1,000 series) and state that does not (100,000). Each run checks that exactly the planted
// readings fire.
//
// Run: detect_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>

#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::kSecond;

constexpr size_t kRowsPerBatch = 10'000;

// Every slot in turn, ten seconds apart, in batches.
class Stream {
 public:
  explicit Stream(size_t num_slots, size_t num_metrics = 1)
      : num_slots_(num_slots), values_(kNumValues), columns_(num_metrics) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> noise(20, 1);
    for (double& value : values_) value = std::clamp(noise(random), 17.0, 23.0);
    batch_.rows = kRowsPerBatch;
    batch_.num_slots = num_slots;
    slots_.resize(kRowsPerBatch);
    times_.resize(kRowsPerBatch);
    fleet_times_.resize(kRowsPerBatch);
    late_.resize(kRowsPerBatch);
    for (auto& column : columns_) column.resize(kRowsPerBatch);
    batch_.slots = slots_;
    batch_.event_time_us = times_;
    batch_.late = late_;
    batch_.fleet_time_us = fleet_times_;
    batch_.metrics.assign(columns_.begin(), columns_.end());
  }

  const KeyedBatch& Next() {
    for (size_t row = 0; row < kRowsPerBatch; ++row, ++reading_) {
      slots_[row] = static_cast<uint32_t>(reading_ % num_slots_);
      times_[row] = static_cast<int64_t>(1 + reading_ / num_slots_) * 10 * kSecond;
      fleet_times_[row] = times_[row];
      for (size_t metric = 0; metric < columns_.size(); ++metric) {
        columns_[metric][row] = values_[(reading_ + kMetricShift * metric) % kNumValues];
      }
    }
    return batch_;
  }

  /// A value that no ordinary reading has, in the middle of the next batch.
  const KeyedBatch& NextWithSpike() {
    Next();
    columns_[0][kRowsPerBatch / 2] = 1000;
    return batch_;
  }

  size_t reading() const { return reading_; }

 private:
  static constexpr size_t kNumValues = 100'003;  // prime: series differ
  static constexpr size_t kMetricShift = 7919;   // metrics, too

  size_t num_slots_;
  size_t reading_ = 0;
  std::vector<double> values_;
  std::vector<uint32_t> slots_;
  std::vector<int64_t> times_, fleet_times_;
  std::vector<uint8_t> late_;
  std::vector<std::vector<double>> columns_;
  KeyedBatch batch_;
};

void RunDetector(benchmark::State& state, const DetectorType& type,
                 const std::map<std::string, double>& overrides, size_t warm_up_per_slot,
                 size_t spikes_found, size_t num_metrics = 1) {
  const auto num_slots = static_cast<size_t>(state.range(0));
  std::vector<std::string> metrics;
  for (size_t i = 0; i < num_metrics; ++i) metrics.push_back("m" + std::to_string(i));
  const auto detector = testing::MakeDetector(type, overrides, {}, metrics);
  Stream stream(num_slots, num_metrics);
  std::vector<Anomaly> anomalies;
  while (stream.reading() < warm_up_per_slot * num_slots) {
    detector->Process(stream.Next(), &anomalies);
  }
  for (auto unused : state) {
    state.PauseTiming();
    const KeyedBatch& batch = stream.Next();
    state.ResumeTiming();
    detector->Process(batch, &anomalies);
  }
  if (!anomalies.empty()) state.SkipWithError("an ordinary reading was flagged");
  detector->Process(stream.NextWithSpike(), &anomalies);
  if (anomalies.size() != spikes_found) state.SkipWithError("the planted reading was not found");
  const auto values = static_cast<double>(state.iterations()) * kRowsPerBatch;
  // Printed with the unit "s" that the library gives to inverted rates: they are nanoseconds.
  state.counters["ns/value"] =
      benchmark::Counter(values / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes/series"] =
      static_cast<double>(detector->StateBytes()) / static_cast<double>(num_slots);
}

void ZScore(benchmark::State& state) { RunDetector(state, ZScoreType(), {{"sigma", 8}}, 100, 1); }
void ZScoreWindow120(benchmark::State& state) {
  RunDetector(state, ZScoreType(), {{"sigma", 8}, {"window", 120}}, 250, 1);
}
void Threshold(benchmark::State& state) {
  RunDetector(state, ThresholdType(), {{"min", 0}, {"max", 100}}, 1, 1);
}
void RateOfChange(benchmark::State& state) {
  RunDetector(state, RateOfChangeType(), {{"max_per_second", 1}, {"falling", 0}}, 2, 1);
}
void Mad(benchmark::State& state) { RunDetector(state, MadType(), {{"threshold", 20}}, 250, 1); }
void Ewma(benchmark::State& state) { RunDetector(state, EwmaType(), {{"sigma", 20}}, 100, 1); }
// One spike is no shift.
void Cusum(benchmark::State& state) { RunDetector(state, CusumType(), {{"limit", 1e3}}, 120, 0); }
void PageHinkley(benchmark::State& state) {
  RunDetector(state, PageHinkleyType(), {{"limit", 1e4}}, 120, 0);
}
void HoltWinters(benchmark::State& state) {
  RunDetector(state, HoltWintersType(), {{"season", 600}, {"sigma", 20}}, 200, 1);
}
void ForecastBand(benchmark::State& state) {
  RunDetector(state, ForecastBandType(), {{"factor", 20}}, 250, 1);
}
void HalfSpaceTrees(benchmark::State& state) {
  RunDetector(state, HalfSpaceTreesType(), {{"window", 10'000}, {"limit", 3.9}}, 20'000, 1);
}
// A spike is the shape of none, and of any.
void MatrixProfile(benchmark::State& state) {
  RunDetector(state, MatrixProfileType(), {{"sigma", 100}}, 700, 0);
}
// A value is a record of five metrics, a series a device.
void T2(benchmark::State& state) { RunDetector(state, T2Type(), {{"sigma", 12}}, 250, 1, 5); }
void RandomCutForest(benchmark::State& state) {
  RunDetector(state, RandomCutForestType(), {{"sigma", 6}}, 600, 1, 5);
}
void Stuck(benchmark::State& state) { RunDetector(state, StuckType(), {}, 10, 0); }
void Missing(benchmark::State& state) { RunDetector(state, MissingType(), {}, 20, 0); }
void MissingGivenPeriod(benchmark::State& state) {
  RunDetector(state, MissingType(), {{"period", 10}}, 20, 0);
}

void Auto(benchmark::State& state) { RunDetector(state, AutoType(), {}, 250, 1); }
void AutoLean(benchmark::State& state) { RunDetector(state, AutoType(), {{"tier", 1}}, 250, 1); }

BENCHMARK(Auto)->Arg(1000)->Arg(100'000);
BENCHMARK(AutoLean)->Arg(1000)->Arg(100'000);
BENCHMARK(ZScore)->Arg(1000)->Arg(100'000);
BENCHMARK(ZScoreWindow120)->Arg(1000)->Arg(100'000);
BENCHMARK(Threshold)->Arg(1000)->Arg(100'000);
BENCHMARK(RateOfChange)->Arg(1000)->Arg(100'000);
BENCHMARK(Mad)->Arg(1000)->Arg(100'000);
BENCHMARK(Ewma)->Arg(1000)->Arg(100'000);
BENCHMARK(Cusum)->Arg(1000)->Arg(100'000);
BENCHMARK(PageHinkley)->Arg(1000)->Arg(100'000);
BENCHMARK(HoltWinters)->Arg(1000)->Arg(100'000);
BENCHMARK(ForecastBand)->Arg(1000)->Arg(100'000);
BENCHMARK(HalfSpaceTrees)->Arg(1000);
BENCHMARK(MatrixProfile)->Arg(1000);
BENCHMARK(T2)->Arg(1000)->Arg(100'000);
BENCHMARK(RandomCutForest)->Arg(1000);
BENCHMARK(Stuck)->Arg(1000)->Arg(100'000);
BENCHMARK(Missing)->Arg(1000)->Arg(100'000);
BENCHMARK(MissingGivenPeriod)->Arg(1000)->Arg(100'000);

// The end of a tick in which nothing is due, with a million devices.
void MissingAdvance(benchmark::State& state) {
  const auto num_slots = static_cast<size_t>(state.range(0));
  const auto detector = testing::MakeDetector(MissingType());
  Stream stream(num_slots);
  std::vector<Anomaly> anomalies;
  while (stream.reading() < 10 * num_slots) detector->Process(stream.Next(), &anomalies);
  const int64_t now = 10 * 10 * kSecond;
  for (auto unused : state) detector->Advance(now, &anomalies);
  if (!anomalies.empty()) state.SkipWithError("a device that reports was raised");
  detector->Advance(now + 60 * kSecond, &anomalies);
  if (anomalies.size() != num_slots) state.SkipWithError("silent devices were not raised");
}
BENCHMARK(MissingAdvance)->Arg(1'000'000);

// The same once per six periods, when the bounds of all groups are out of date.
void MissingSweep(benchmark::State& state) {
  const auto num_slots = static_cast<size_t>(state.range(0));
  const auto detector = testing::MakeDetector(MissingType());
  Stream stream(num_slots);
  std::vector<Anomaly> anomalies;
  int64_t tick = 10;
  while (stream.reading() < 10 * num_slots) detector->Process(stream.Next(), &anomalies);
  for (auto unused : state) {
    state.PauseTiming();
    for (tick += 6; stream.reading() < static_cast<size_t>(tick) * num_slots;) {
      detector->Process(stream.Next(), &anomalies);
    }
    state.ResumeTiming();
    detector->Advance(tick * 10 * kSecond, &anomalies);
  }
  if (!anomalies.empty()) state.SkipWithError("a device that reports was raised");
}
BENCHMARK(MissingSweep)->Arg(1'000'000)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avocet
