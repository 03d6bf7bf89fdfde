// The metrics of avocet in CloudWatch: which there are, and their values. docs/cloudwatch.md lists
// them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/config/config.h"
#include "src/engine/engine.h"
#include "src/net/cloudwatch_client.h"

namespace avocet {

/// Alerts that began to fire.
struct AlertCounts {
  std::array<uint64_t, 3> by_severity{};
  std::map<std::string, uint64_t> by_rule;

  void Add(std::span<const AlertChange> changes);
};

/// What is published at `now_us`: counters as what came between `before` and `now`, the rest as it
/// stands. Its size is bounded by the configuration, whatever the fleet.
std::vector<CloudWatchDatum> CloudWatchData(const Config& config, const Progress& before,
                                            const Progress& now, const AlertCounts& alerts,
                                            int64_t now_us);

/// The body of a dashboard with all of them.
std::string CloudWatchDashboard(const Config& config, const std::string& region);

/// Alarms: avocet does not do its work, a source lags, a critical alert fires, or anomalies spike
/// (one for each rule `fleet_spike`).
std::vector<CloudWatchAlarm> CloudWatchAlarms(const Config& config);

}  // namespace avocet
