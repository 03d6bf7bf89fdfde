// FleetAlerts: alerts about unusually many anomalies of all devices together, on the fleet's clock.
#pragma once

#include <span>
#include <vector>

#include "src/alert/device_alerts.h"
#include "src/alert/spike_alert.h"

namespace avocet {

/// One thread at a time.
class FleetAlerts {
 public:
  /// `rules` are borrowed.
  explicit FleetAlerts(const std::vector<AlertRuleConfig>* rules);

  /// What a tick brought. REQUIRES: `marks` are sorted, and none is older than `fleet_time_us` of
  /// the call before.
  void Process(std::span<const FleetMark> marks, int64_t fleet_time_us,
               std::vector<AlertChange>* out);

  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  const std::vector<AlertRuleConfig>* rules_;
  std::vector<SpikeAlert> spikes_;  // by rule; unused where the rule is of another type
};

}  // namespace avocet
