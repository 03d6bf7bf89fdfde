#include "src/alert/alert_gates.h"

namespace avocet {

AlertGates::AlertGates(const std::vector<AlertGate>& gates) {
  for (const AlertGate& gate : gates) {
    if (!gate.from_us) continue;
    gates_[{gate.device, gate.metric}].push_back(
        {*gate.from_us, gate.until_us.value_or(INT64_MAX), gate.min_score});
  }
}

bool AlertGates::Passes(std::string_view device, std::string_view metric, int64_t event_time_us,
                        double score) const {
  if (gates_.empty()) return true;
  const auto found = gates_.find({std::string(device), std::string(metric)});
  if (found == gates_.end()) return true;
  for (const Span& span : found->second) {
    const bool holds = event_time_us >= span.from_us && event_time_us < span.until_us;
    if (holds && score < span.min_score) return false;
  }
  return true;
}

}  // namespace avocet
