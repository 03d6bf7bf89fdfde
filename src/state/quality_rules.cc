#include "src/state/quality_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/state/device_table.h"

namespace avocet {

std::string_view QualityRuleName(QualityRule rule) {
  switch (rule) {
    case QualityRule::kRange:
      return "range";
    case QualityRule::kMaxRate:
      return "max_rate";
    case QualityRule::kNotNull:
      return "not_null";
    case QualityRule::kAllowed:
      return "allowed";
  }
  return "";
}

QualityRules::QualityRules(std::vector<MetricConfig> metrics)
    : metrics_(std::move(metrics)), last_(metrics_.size()) {
  for (const MetricConfig& m : metrics_) {
    any_rule_ = any_rule_ || m.min || m.max || m.max_rate || m.not_null || !m.allowed.empty();
  }
}

bool QualityRules::ExceedsRate(uint32_t slot, size_t metric, int64_t event_time_us,
                               double value) const {
  const std::vector<LastValue>& last = last_[metric];
  if (slot >= last.size() || last[slot].time_us == kNoTime) return false;
  const double seconds = static_cast<double>(event_time_us - last[slot].time_us) * 1e-6;
  return seconds > 0 && std::abs(value - last[slot].value) > *metrics_[metric].max_rate * seconds;
}

InvalidAction QualityRules::Apply(uint32_t slot, uint32_t row, int64_t event_time_us, bool late,
                                  std::span<double> values, std::vector<Violation>* out) {
  InvalidAction strongest = InvalidAction::kWarn;
  const size_t count = std::min(values.size(), metrics_.size());
  for (size_t i = 0; i < count; ++i) {
    const MetricConfig& m = metrics_[i];
    double& value = values[i];
    const double judged = value;
    const auto breach = [&](QualityRule rule) {
      out->push_back({row, static_cast<uint16_t>(i), rule, m.on_invalid, judged});
      if (m.on_invalid == InvalidAction::kNullify) value = std::nan("");
      if (m.on_invalid == InvalidAction::kDrop || m.on_invalid == InvalidAction::kFail) {
        strongest = std::max(strongest, m.on_invalid);
      }
    };
    if (std::isnan(value)) {
      if (m.not_null) breach(QualityRule::kNotNull);
      continue;
    }
    if ((m.min && value < *m.min) || (m.max && value > *m.max)) {
      breach(QualityRule::kRange);
    } else if (!m.allowed.empty() &&
               std::find(m.allowed.begin(), m.allowed.end(), value) == m.allowed.end()) {
      breach(QualityRule::kAllowed);
    } else if (m.max_rate && !late) {
      if (ExceedsRate(slot, i, event_time_us, value)) {
        breach(QualityRule::kMaxRate);
      } else {
        if (slot >= last_[i].size()) last_[i].resize(slot + 1, {kNoTime, 0});
        last_[i][slot] = {event_time_us, value};
      }
    }
  }
  return strongest;
}

std::string QualityRules::Explain(const Violation& violation) const {
  const MetricConfig& m = metrics_[violation.metric];
  switch (violation.rule) {
    case QualityRule::kRange:
      return fmt::format("{} is {}, outside its range {} to {}", m.name, violation.value,
                         m.min ? fmt::format("{}", *m.min) : "-inf",
                         m.max ? fmt::format("{}", *m.max) : "inf");
    case QualityRule::kMaxRate:
      return fmt::format("{} is {}, a change of more than {} per second", m.name, violation.value,
                         *m.max_rate);
    case QualityRule::kNotNull:
      return fmt::format("{} has no value", m.name);
    case QualityRule::kAllowed:
      return fmt::format("{} is {}, not one of its allowed values", m.name, violation.value);
  }
  return "";
}

size_t QualityRules::StateBytes() const {
  size_t total = 0;
  for (const auto& last : last_) total += last.size() * sizeof(LastValue);
  return total;
}

void QualityRules::Save(StateWriter* out) const {
  out->Put<uint64_t>(last_.size());
  for (const auto& last : last_) out->PutArray<LastValue>(last);
}

Status QualityRules::Load(StateReader* in) {
  uint64_t count = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&count));
  if (count != last_.size()) return Status::Corrupt("the state has other metrics with rules");
  for (auto& last : last_) AVOCET_RETURN_IF_ERROR(in->GetArray(&last));
  return Status::Ok();
}

}  // namespace avocet
