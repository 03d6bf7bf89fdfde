// SeriesDetector: what all detectors of single series share. A detector is then only a rule.
//
// A Rule is a class with
//   struct State                  what is remembered per series: trivially copyable, no padding,
//   the
//                                 value-initialised object is the empty series; may be empty
//   static const char kTag[]      identifies the layout of State in snapshots
//   size_t block_size() const     doubles of memory per series beside State; 0: none. Allocated
//                                 zeroed with the first reading of a series
//   bool Update(State&, double* block, int64_t time_us, double x, Anomaly* anomaly) const
//                                 judges a finite reading, then learns it. True: the anomaly is
//                                 filled in except slot, row, metric, event_time_us and value
//   void Measure(const State&, const double* block, int64_t time_us, double x, Anomaly*) const
//                                 expected, lower, upper and score of any reading before it is
//                                 learned; what it leaves alone is unknown, a score of 0. A rule
//                                 whose Update fills these in for every reading goes without
//   bool IsPlausible(const State&, const double* block) const
//                                 whether bytes of a snapshot can be used without harm; block is
//                                 null when there is none
//   std::string Explain(const Anomaly&, std::string_view metric_label) const
//
// Infinite readings are skipped like nulls. Anomalies of one batch are ordered by row, then metric.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "src/detect/detector.h"
#include "src/detect/number_limits.h"
#include "src/detect/series_store.h"
#include "src/detect/snapshot_header.h"

namespace avocet {

template <typename Rule>
class SeriesDetector final : public Detector {
 public:
  using State = typename Rule::State;

  SeriesDetector(Rule rule, const DetectorConfig& config, std::span<const std::string> metrics)
      : rule_(std::move(rule)), config_(config) {
    SetMetrics(metrics);
  }

  void Process(const KeyedBatch& batch, AnomalySink* out) override {
    const size_t first = out->size();
    for (size_t i = 0; i < metrics_.size(); ++i) {
      const uint16_t metric = metrics_[i];
      if (metric >= batch.metrics.size() || batch.metrics[metric].empty()) continue;
      stores_[i].Grow(batch.num_slots);
      if (judgements() == nullptr) {
        ProcessMetric<false>(batch, metric, stores_[i], out);
      } else {
        ProcessMetric<true>(batch, metric, stores_[i], out);
      }
    }
    if (metrics_.size() < 2) return;
    std::stable_sort(out->begin() + static_cast<std::ptrdiff_t>(first), out->end(),
                     [](const Anomaly& a, const Anomaly& b) { return a.row < b.row; });
  }

  void SetMetrics(std::span<const std::string> names) override {
    metrics_ = SelectMetrics(config_, names);
    while (stores_.size() < metrics_.size()) stores_.emplace_back(rule_.block_size());
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const override {
    return rule_.Explain(anomaly, metric_label);
  }

  size_t StateBytes() const override {
    size_t bytes = 0;
    for (const auto& store : stores_) bytes += store.StateBytes();
    return bytes;
  }

  void Save(StateWriter* out) const override {
    SaveHeader(out, Rule::kTag, rule_.block_size(), metrics_);
    for (const auto& store : stores_) store.Save(out);
  }

  Status Load(StateReader* in) override {
    AVOCET_ASSIGN_OR_RETURN(const size_t num_saved,
                            LoadHeader(in, Rule::kTag, rule_.block_size(), metrics_));
    std::vector<SeriesStore<State>> loaded;
    while (loaded.size() < metrics_.size()) loaded.emplace_back(rule_.block_size());
    const auto is_plausible = [this](const State& state, const double* block) {
      return rule_.IsPlausible(state, block);
    };
    for (size_t i = 0; i < num_saved; ++i) {
      AVOCET_RETURN_IF_ERROR(loaded[i].Load(in, is_plausible));
    }
    stores_ = std::move(loaded);
    return Status::Ok();
  }

 private:
  template <bool kObserved>
  void ProcessMetric(const KeyedBatch& batch, uint16_t metric, SeriesStore<State>& store,
                     AnomalySink* out) {
    const double* values = batch.metrics[metric].data();
    const uint32_t* slots = batch.slots.data();
    const int64_t* times = batch.event_time_us.data();
    const uint8_t* late = batch.late.data();
    const size_t rows = batch.rows;
    Anomaly anomaly;
    for (size_t row = 0; row < rows; ++row) {
      if (row + kPrefetchRows < rows) store.Prefetch(slots[row + kPrefetchRows]);
      const double x = values[row];
      if (late[row] != 0 || !std::isfinite(x)) continue;
      const uint32_t slot = slots[row];
      State& state = store.state(slot);
      double* block = store.block(slot);
      if constexpr (kObserved) {
        anomaly = kUnknown;
        if constexpr (kMeasures) rule_.Measure(state, block, times[row], x, &anomaly);
      }
      const bool flagged = rule_.Update(state, block, times[row], x, &anomaly);
      if constexpr (kObserved) Report(static_cast<uint32_t>(row), metric, flagged, anomaly);
      if (flagged) [[unlikely]] {
        anomaly.slot = slot;
        anomaly.row = static_cast<uint32_t>(row);
        anomaly.metric = metric;
        anomaly.event_time_us = times[row];
        anomaly.value = x;
        Append(anomaly, out);
      }
    }
  }

  void Report(uint32_t row, uint16_t metric, bool flagged, const Anomaly& anomaly) {
    judgements()->push_back({.row = row,
                             .metric = metric,
                             .expected = Finite(anomaly.expected),
                             .lower = Finite(anomaly.lower),
                             .upper = Finite(anomaly.upper),
                             .score = Finite(anomaly.score),
                             .severity = Finite(anomaly.score),
                             .type = flagged ? anomaly.reason : std::string_view()});
  }

  // Sinks never see infinities: they have no text in JSON.
  static void Append(Anomaly anomaly, AnomalySink* out) {
    anomaly.expected = Finite(anomaly.expected);
    anomaly.lower = Finite(anomaly.lower);
    anomaly.upper = Finite(anomaly.upper);
    anomaly.score = Finite(anomaly.score);
    out->push_back(anomaly);
  }

  static constexpr size_t kPrefetchRows = 12;
  static constexpr bool kMeasures =
      requires(const Rule& rule, const State& state, const double* block, Anomaly* anomaly) {
    rule.Measure(state, block, int64_t{}, double{}, anomaly);
  };
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  static constexpr Anomaly kUnknown = {.expected = kNone, .lower = kNone, .upper = kNone};

  const Rule rule_;
  const DetectorConfig config_;
  std::vector<uint16_t> metrics_;           // ascending
  std::vector<SeriesStore<State>> stores_;  // one per entry of metrics_
};

}  // namespace avocet
