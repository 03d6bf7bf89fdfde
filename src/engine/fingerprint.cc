#include "src/engine/fingerprint.h"

#include <utility>

#include "src/base/hash.h"
#include "src/config/load.h"

namespace avocet {
namespace {
// Raised when the meaning of state changes without a change of configuration.
constexpr int kStateVersion = 3;
}  // namespace

std::string StateFingerprint(const Config& config, int64_t fleet_time_us) {
  Config shaping;
  shaping.schema = config.schema;
  for (MetricConfig& metric : shaping.schema.metrics) metric.limit_low = metric.limit_high = {};
  shaping.rolling_window = config.rolling_window;
  shaping.allowed_lateness = config.allowed_lateness;
  shaping.detectors = config.detectors;
  for (MaintenanceConfig window : config.maintenance) {
    if (window.from_us != 0 && window.from_us > fleet_time_us) continue;
    if (window.until_us > fleet_time_us) window.until_us = 0;
    window.name.clear();
    shaping.maintenance.push_back(std::move(window));
  }
  shaping.health.enabled = config.health.enabled;
  shaping.alerts.rules = config.alerts.rules;
  for (AlertRuleConfig& rule : shaping.alerts.rules) rule.channels.clear();
  return Hash128Hex(std::to_string(kStateVersion) + DumpConfig(shaping));
}

}  // namespace avocet
