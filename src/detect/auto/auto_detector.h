// AutoDetector: the series of one shard, each with its model; who is silent; and the fleet's
// medians.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/detect/auto/series_model.h"
#include "src/detect/auto/silence_watch.h"
#include "src/detect/detector.h"
#include "src/detect/peer_groups.h"

namespace avocet::auto_detect {

class AutoDetector final : public Detector {
 public:
  AutoDetector(const Settings& settings, bool lean, const DetectorConfig& config,
               std::span<const std::string> metrics);

  void Process(const KeyedBatch& batch, AnomalySink* out) override;
  void Advance(int64_t fleet_time_us, AnomalySink* out) override;
  bool ComparesFleet() const override { return true; }
  void CollectFleet(int64_t bucket, FleetSamples* samples) const override;
  void LearnFleet(int64_t bucket, std::span<const FleetMedian> medians) override;
  void SetMetrics(std::span<const std::string> names) override;
  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const override;
  void ListHeldBack(uint32_t slot, std::vector<HeldBack>* out) const override;
  size_t StateBytes() const override;
  void Save(StateWriter* out) const override;
  Status Load(StateReader* in) override;

 private:
  // The series of one metric, by device slot. What a device does not report takes no memory.
  struct Metric {
    uint16_t index = 0;
    std::vector<std::unique_ptr<SeriesModel>> models;
    std::vector<std::unique_ptr<Novelty>> novelty;  // empty in the lean tier
    std::vector<FleetView> fleets;                  // by group of peers
    size_t num_models = 0;

    void Grow(size_t num_slots, bool lean);
  };

  void ProcessRow(const KeyedBatch& batch, uint32_t row, AnomalySink* out);
  bool JudgeValue(const KeyedBatch& batch, uint32_t row, Metric* metric, Verdict* verdict);
  int64_t ExcusedUs(uint32_t slot, uint16_t metric, const SeriesModel& model,
                    int64_t time_us) const;
  void Report(uint32_t row, const Metric& metric, const Verdict& verdict);
  void Raise(const KeyedBatch& batch, uint32_t row, const Metric& metric, const Verdict& verdict,
             AnomalySink* out) const;
  void FillMetricShares(uint32_t slot, Anomaly* anomaly) const;
  size_t num_groups() const { return peers() == nullptr ? 1 : peers()->size(); }
  size_t GroupOf(uint32_t slot) const { return peers() == nullptr ? 0 : peers()->GroupOf(slot); }
  size_t FleetIndex(const Metric& metric, size_t group) const {
    return (metric.index * num_groups() + group) * 2;
  }
  void Prefetch(const KeyedBatch& batch, uint32_t row) const;
  std::string_view tag() const { return lean_ ? "auto_lean/12" : "auto/12"; }
  uint64_t layout() const { return sizeof(SeriesModel) + (lean_ ? 0 : sizeof(Novelty)); }
  void SaveMetric(const Metric& metric, StateWriter* out) const;
  Status LoadMetric(StateReader* in, Metric* metric) const;

  const Settings settings_;
  const bool lean_;
  const DetectorConfig config_;
  std::vector<uint16_t> selected_;
  std::vector<Metric> metrics_;  // one per entry of selected_
  SilenceWatch silence_;
};

}  // namespace avocet::auto_detect
