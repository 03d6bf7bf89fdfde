#include "src/alert/rule_filter.h"

#include <algorithm>

#include "src/base/glob.h"
#include "src/config/device_labels.h"

namespace avocet {
namespace {

bool Selects(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

bool AnyMatches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return MatchesGlob(pattern, text); });
}

}  // namespace

RuleFilter::RuleFilter(const AlertRuleConfig* rule, std::span<const std::string> detectors,
                       const DevicesConfig* devices)
    : rule_(rule), devices_(devices) {
  for (const std::string& name : detectors) detectors_.push_back(Selects(rule->detectors, name));
}

void RuleFilter::SetMetrics(std::span<const std::string> metrics) {
  for (size_t i = metrics_.size(); i < metrics.size(); ++i) {
    metrics_.push_back(Selects(rule_->metrics, metrics[i]));
  }
}

bool RuleFilter::Matches(uint16_t detector, uint16_t metric, AlertSeverity severity,
                         std::string_view device) const {
  if (severity < rule_->min_severity || detectors_[detector] == 0) return false;
  if (metric == kNoMetric ? !rule_->metrics.empty() : metrics_[metric] == 0) return false;
  if (AnyMatches(rule_->exclude_devices, device)) return false;
  if (!rule_->devices.empty() && !AnyMatches(rule_->devices, device)) return false;
  return rule_->labels.empty() || FitLabels(rule_->labels, LabelsOf(*devices_, device));
}

}  // namespace avocet
