// RuleFilter: which anomalies a rule is about.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/alert_config.h"

namespace avocet {

/// The metric of an anomaly that is about a device as a whole.
inline constexpr uint16_t kNoMetric = UINT16_MAX;

class RuleFilter {
 public:
  /// `rule`, and `devices`, which has the labels, are borrowed. Anomalies name their detector by
  /// its place in `detectors`.
  RuleFilter(const AlertRuleConfig* rule, std::span<const std::string> detectors,
             const DevicesConfig* devices);

  /// All metrics so far; anomalies name theirs by its place.
  void SetMetrics(std::span<const std::string> metrics);

  bool Matches(uint16_t detector, uint16_t metric, AlertSeverity severity,
               std::string_view device) const;

 private:
  const AlertRuleConfig* rule_;
  const DevicesConfig* devices_;
  std::vector<uint8_t> detectors_;  // 1: it counts
  std::vector<uint8_t> metrics_;
};

}  // namespace avocet
