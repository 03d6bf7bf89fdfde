// DeviceAlerts: the alerts of one shard's devices, and what the shard contributes to fleet spikes.
//
// One thread at a time. What it says depends only on the order of each device's readings and
// anomalies, never on how they are cut into ticks. A device without anomalies costs nothing.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/alert/alert_episode.h"
#include "src/alert/alert_gates.h"
#include "src/alert/rule_filter.h"
#include "src/alert/spike_alert.h"

namespace avocet {

/// An anomaly on its way to the rules. Texts are borrowed for the call.
struct DeviceAnomaly {
  uint32_t slot = 0;
  std::string_view device;
  uint16_t metric = kNoMetric;
  uint16_t detector = 0;
  int64_t event_time_us = 0;
  int64_t fleet_time_us = 0;  ///< newest event time of the fleet when it became known
  AlertSeverity severity = AlertSeverity::kWarning;
  double value = 0, expected = 0, lower = 0, upper = 0, score = 0;
  std::string_view id;
  std::string_view reason;
};

/// One anomaly that counts for the fleet's rule `rule`.
struct FleetMark {
  int64_t fleet_time_us = 0;
  uint16_t rule = 0;
  friend auto operator<=>(const FleetMark&, const FleetMark&) = default;
};

class DeviceAlerts {
 public:
  /// `rules`, and `devices`, which has the labels, are borrowed.
  DeviceAlerts(const std::vector<AlertRuleConfig>* rules, std::vector<std::string> detectors,
               const DevicesConfig* devices);

  /// All metrics so far, and how people know them.
  void SetMetrics(std::span<const std::string> names, std::span<const std::string> labels);

  /// Anomalies that do not pass do not count. Null, as at first: all count. Borrowed; changed
  /// between ticks only.
  void set_gates(const AlertGates* gates) { gates_ = gates; }

  /// An anomaly of the reading that OnReading tells next.
  void OnAnomaly(const DeviceAnomaly& anomaly);
  /// An anomaly that is none of a reading: something did not come.
  void OnSilence(const DeviceAnomaly& anomaly);
  /// A reading that is not late, of a device that IsWatched or has just had an anomaly. Its values
  /// are `columns[metric][row]`, NaN where there is none.
  void OnReading(uint32_t slot, std::string_view device, int64_t time_us,
                 std::span<const std::vector<double>> columns, size_t row);

  /// Whether readings of the device must be told.
  bool IsWatched(uint32_t slot) const { return slot < watched_.size() && watched_[slot] != 0; }
  bool WatchesAny() const { return num_watched_ > 0; }

  /// What happened since the caller last cleared them.
  std::vector<AlertChange>& changes() { return changes_; }
  std::vector<FleetMark>& fleet_marks() { return fleet_marks_; }

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  struct Series {
    uint16_t rule = 0;
    uint16_t metric = 0;
    AlertEpisode episode;
    AlertObservation noted;  // of the reading that is being told
  };

  void NoteSeries(const DeviceAnomaly& anomaly, uint16_t rule);
  void Observe(Series* series, std::string_view device, int64_t time_us);
  void ForgetOld(uint32_t slot, int64_t time_us);
  void SetWatched(uint32_t slot);
  AlertEpisode::Subject SubjectOf(std::string_view device, uint16_t metric) const;

  const std::vector<AlertRuleConfig>* rules_;
  const AlertGates* gates_ = nullptr;
  std::vector<std::string> detectors_;
  std::vector<RuleFilter> filters_;
  std::vector<std::string> metrics_;
  std::vector<std::string> labels_;
  std::map<uint32_t, std::vector<Series>> series_;              // by slot
  std::map<std::pair<uint32_t, uint16_t>, SpikeAlert> spikes_;  // by slot and rule
  std::vector<uint8_t> watched_;                                // by slot
  size_t num_watched_ = 0;
  std::vector<AlertChange> changes_;
  std::vector<FleetMark> fleet_marks_;
};

}  // namespace avocet
