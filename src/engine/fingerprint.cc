#include "src/engine/fingerprint.h"

#include <set>
#include <utility>
#include <vector>

#include "src/base/hash.h"
#include "src/config/load.h"

namespace avocet {
namespace {
// Raised when the meaning of state changes without a change of configuration.
constexpr int kStateVersion = 3;

/// The labels that what shapes the state asks for, of every device that has some.
std::vector<DeviceLabelsConfig> LabelsThatCount(const Config& config, const Config& shaping) {
  std::set<std::string> names = {config.devices.peers};
  const auto add = [&](const Labels& patterns) {
    for (const auto& [name, pattern] : patterns) names.insert(name);
  };
  for (const AlertRuleConfig& rule : shaping.alerts.rules) add(rule.labels);
  for (const MaintenanceConfig& window : shaping.maintenance) add(window.labels);
  std::vector<DeviceLabelsConfig> counting = config.devices.labels;
  for (const auto& [device, labels] : config.devices.listed) counting.push_back({{device}, labels});
  for (DeviceLabelsConfig& entry : counting) {
    std::erase_if(entry.labels, [&](const auto& label) { return !names.contains(label.first); });
  }
  std::erase_if(counting, [](const DeviceLabelsConfig& entry) { return entry.labels.empty(); });
  return counting;
}
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
  shaping.devices.peers = config.devices.peers;
  shaping.devices.labels = LabelsThatCount(config, shaping);
  return Hash128Hex(std::to_string(kStateVersion) + DumpConfig(shaping));
}

}  // namespace avocet
