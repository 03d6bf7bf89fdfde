// What tests, benchmarks and the fuzz target share: readings as a list, fed in batches cut
// anywhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "src/detect/auto.h"
#include "src/detect/cusum.h"
#include "src/detect/detector.h"
#include "src/detect/ewma.h"
#include "src/detect/forecast_band.h"
#include "src/detect/half_space_trees.h"
#include "src/detect/holt_winters.h"
#include "src/detect/mad.h"
#include "src/detect/matrix_profile.h"
#include "src/detect/missing.h"
#include "src/detect/page_hinkley.h"
#include "src/detect/random_cut_forest.h"
#include "src/detect/rate_of_change.h"
#include "src/detect/stuck.h"
#include "src/detect/t2.h"
#include "src/detect/threshold.h"
#include "src/detect/zscore.h"
#include "src/model/reading_batch.h"

namespace avocet::testing {

inline constexpr int64_t kSecond = 1'000'000;

struct TestReading {
  uint32_t slot = 0;
  int64_t time_us = 0;
  std::vector<double> values;  ///< one per metric
};

/// A configuration as the loader makes it: every key filled in. Durations in seconds.
inline DetectorConfig MakeConfig(const DetectorSpec& spec,
                                 const std::map<std::string, double>& overrides = {},
                                 std::vector<std::string> metrics = {}) {
  DetectorConfig config;
  config.name = config.type = std::string(spec.name);
  config.metrics = std::move(metrics);
  for (const DetectorParam& param : spec.params) {
    const std::string name(param.name);
    const auto given = overrides.find(name);
    const double value = given == overrides.end() ? param.default_value : given->second;
    if (param.kind == DetectorParam::Kind::kDuration) {
      config.durations_us[name] = static_cast<int64_t>(std::llround(value * 1e6));
    } else {
      config.params[name] = value;
    }
  }
  return config;
}

inline std::unique_ptr<Detector> MakeDetector(const DetectorType& type,
                                              const std::map<std::string, double>& overrides = {},
                                              std::vector<std::string> selected = {},
                                              const std::vector<std::string>& metrics = {"m"}) {
  return type.make(MakeConfig(type.spec, overrides, std::move(selected)), metrics);
}

/// Feeds readings as the engine does: finds late ones, knows the fleet's newest time, compares the
/// fleet where its clock leaves a bucket, ends each batch with Advance. Rows of the anomalies count
/// from the first reading ever fed.
class Feeder {
 public:
  static constexpr int64_t kNoTime = INT64_MIN;

  void Feed(std::span<const TestReading> readings, Detector* detector,
            std::vector<Anomaly>* anomalies, bool advance = true) {
    size_t begin = 0;
    int64_t clock = fleet_time_us_;
    for (size_t i = 0; i < readings.size(); ++i) {
      const int64_t before = clock;
      clock = std::max(clock, readings[i].time_us);
      if (before == kNoTime || FleetBucketOf(before) == FleetBucketOf(clock)) continue;
      FeedBatch(readings.subspan(begin, i + 1 - begin), detector, anomalies, advance);
      ExchangeFleet(FleetBucketOf(before), std::span<Detector* const>(&detector, 1));
      begin = i + 1;
    }
    FeedBatch(readings.subspan(begin), detector, anomalies, advance);
  }

  /// Has the detector tell `sink` what it makes of each reading; rows count as those of anomalies.
  void Observe(Detector* detector, JudgementSink* sink) {
    detector->ObserveWith(sink);
    judgements_ = sink;
  }

  /// The end of a tick without readings.
  void Advance(Detector* detector, std::vector<Anomaly>* anomalies) const {
    detector->Advance(fleet_time_us_, anomalies);
  }

 private:
  void FeedBatch(std::span<const TestReading> readings, Detector* detector,
                 std::vector<Anomaly>* anomalies, bool advance) {
    if (readings.empty()) return;
    std::vector<uint32_t> slots;
    std::vector<int64_t> times;
    std::vector<uint8_t> late;
    std::vector<int64_t> fleet_times;
    std::vector<std::vector<double>> columns(readings[0].values.size());
    for (const TestReading& reading : readings) {
      if (reading.slot >= newest_.size()) newest_.resize(reading.slot + size_t{1}, kNoTime);
      int64_t& newest = newest_[reading.slot];
      slots.push_back(reading.slot);
      times.push_back(reading.time_us);
      late.push_back(reading.time_us < newest ? 1 : 0);
      fleet_times.push_back(fleet_time_us_);
      newest = std::max(newest, reading.time_us);
      fleet_time_us_ = std::max(fleet_time_us_, reading.time_us);
      for (size_t i = 0; i < columns.size(); ++i) columns[i].push_back(reading.values[i]);
    }
    KeyedBatch batch;
    batch.rows = readings.size();
    batch.slots = slots;
    batch.event_time_us = times;
    batch.late = late;
    batch.fleet_time_us = fleet_times;
    batch.metrics.assign(columns.begin(), columns.end());
    batch.num_slots = newest_.size();
    const size_t first = anomalies->size();
    const size_t first_judgement = judgements_ == nullptr ? 0 : judgements_->size();
    detector->Process(batch, anomalies);
    if (judgements_ != nullptr) {
      for (size_t i = first_judgement; i < judgements_->size(); ++i) {
        (*judgements_)[i].row += rows_fed_;
      }
    }
    if (advance) detector->Advance(fleet_time_us_, anomalies);
    for (size_t i = first; i < anomalies->size(); ++i) {
      Anomaly& anomaly = (*anomalies)[i];
      if (anomaly.row != kNoRow) anomaly.row += rows_fed_;
    }
    rows_fed_ += static_cast<uint32_t>(readings.size());
  }

  JudgementSink* judgements_ = nullptr;
  std::vector<int64_t> newest_;
  int64_t fleet_time_us_ = kNoTime;
  uint32_t rows_fed_ = 0;
};

/// One device and metric, a reading every `period_s` seconds from time 0.
inline std::vector<TestReading> Series(std::span<const double> values, int64_t period_s = 10) {
  std::vector<TestReading> readings;
  int64_t time_us = 0;
  for (const double value : values) {
    readings.push_back({0, time_us, {value}});
    time_us += period_s * kSecond;
  }
  return readings;
}

inline std::vector<Anomaly> Detect(Detector* detector, std::span<const TestReading> readings) {
  std::vector<Anomaly> anomalies;
  Feeder().Feed(readings, detector, &anomalies);
  return anomalies;
}

/// Rows of test/reference/<name>.csv, made by other implementations; an empty cell is NaN. Empty
/// when it cannot be read: tests run in the source directory.
inline std::vector<std::vector<double>> ReadReference(const std::string& name) {
  std::ifstream file("test/reference/" + name + ".csv");
  std::vector<std::vector<double>> rows;
  std::string line;
  for (std::getline(file, line); std::getline(file, line);) {
    auto& row = rows.emplace_back();
    for (size_t begin = 0; begin <= line.size();) {
      const size_t end = std::min(line.find(',', begin), line.size());
      const std::string cell = line.substr(begin, end - begin);
      row.push_back(cell.empty() ? std::nan("") : std::strtod(cell.c_str(), nullptr));
      begin = end + 1;
    }
  }
  return rows;
}

/// Everything an anomaly says, in one comparable line; doubles bit by bit.
inline std::string AnomalyText(const Anomaly& anomaly) {
  const auto bits = [](double value) {
    uint64_t word = 0;
    if (std::isnan(value)) return std::string("nan");
    std::memcpy(&word, &value, sizeof(word));
    return std::to_string(word);
  };
  std::string text = std::to_string(anomaly.slot) + ' ' + std::to_string(anomaly.row) + ' ' +
                     std::to_string(anomaly.metric) + ' ' + std::to_string(anomaly.event_time_us);
  for (const double value :
       {anomaly.value, anomaly.expected, anomaly.lower, anomaly.upper, anomaly.score}) {
    text += ' ' + bits(value);
  }
  return text + ' ' + std::string(SeverityName(anomaly.severity)) + ' ' +
         std::string(anomaly.reason);
}

/// Sorted texts: equal for equal sets of anomalies.
inline std::vector<std::string> AnomalyTexts(std::span<const Anomaly> anomalies) {
  std::vector<std::string> texts;
  for (const Anomaly& anomaly : anomalies) texts.push_back(AnomalyText(anomaly));
  std::sort(texts.begin(), texts.end());
  return texts;
}

/// A detector of each kind of state, set up so that random data makes it fire.
struct DetectorCase {
  std::string name;
  const DetectorType* type;
  std::map<std::string, double> overrides;
  std::vector<std::string> selected;

  std::unique_ptr<Detector> Make(const std::vector<std::string>& metrics) const {
    return MakeDetector(*type, overrides, selected, metrics);
  }
};

inline std::vector<DetectorCase> AllDetectorCases() {
  return {
      {"zscore", &ZScoreType(), {{"sigma", 2}, {"min_samples", 5}}, {}},
      {"zscore_exclude", &ZScoreType(), {{"min_samples", 5}, {"exclude_anomalies", 1}}, {"b"}},
      {"zscore_window", &ZScoreType(), {{"sigma", 2}, {"min_samples", 5}, {"window", 7}}, {}},
      {"threshold", &ThresholdType(), {{"max", 3}, {"warn_min", -1}}, {}},
      {"rate_of_change", &RateOfChangeType(), {{"max_per_second", 0.2}}, {}},
      {"mad", &MadType(), {{"window", 9}, {"min_samples", 4}}, {}},
      {"ewma", &EwmaType(), {{"sigma", 2}, {"min_samples", 5}}, {}},
      {"cusum", &CusumType(), {{"limit", 3}, {"min_samples", 10}}, {}},
      {"page_hinkley", &PageHinkleyType(), {{"limit", 5}, {"min_samples", 10}}, {}},
      {"holt_winters",
       &HoltWintersType(),
       {{"season", 600}, {"buckets", 4}, {"sigma", 2}, {"min_samples", 5}},
       {}},
      {"half_space_trees",
       &HalfSpaceTreesType(),
       {{"window", 20}, {"trees", 3}, {"depth", 3}, {"limit", 0.5}},
       {}},
      {"forecast_band", &ForecastBandType(), {{"factor", 1.5}, {"min_samples", 10}}, {}},
      {"matrix_profile",
       &MatrixProfileType(),
       {{"length", 4}, {"history", 40}, {"sigma", 0.5}, {"min_samples", 5}},
       {}},
      {"stuck", &StuckType(), {{"duration", 20}, {"min_samples", 2}}, {}},
      {"random_cut_forest",
       &RandomCutForestType(),
       {{"trees", 3}, {"samples", 16}, {"memory", 50}, {"sigma", 1}, {"min_samples", 20}},
       {}},
      {"random_cut_forest_shingle",
       &RandomCutForestType(),
       {{"trees", 2}, {"samples", 9}, {"memory", 20}, {"shingle", 3}, {"sigma", 0.5}},
       {"a", "b"}},
      {"t2", &T2Type(), {{"sigma", 3}, {"min_samples", 20}}, {}},
      {"t2_smoothed", &T2Type(), {{"sigma", 2}, {"smoothing", 0.2}}, {"a", "b"}},
      {"auto", &AutoType(), {}, {}},
      {"auto_lean", &AutoType(), {{"tier", 1}, {"preset", 2}}, {"a", "b"}},
      {"missing", &MissingType(), {{"periods", 3}}, {}},
      {"missing_metric", &MissingType(), {{"periods", 3}, {"period", 10}}, {"a", "b"}},
  };
}

}  // namespace avocet::testing
