// AlertGates: scores that anomalies of single series must have before they count for alerts.
//
// People move a gate when an alert was a false positive. A gate holds for a span of event time, so
// that what a rebuild makes of the past is what was made of it when it was new.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avocet {

struct AlertGate {
  int64_t id = 0;
  std::string device;
  std::string metric;        ///< empty: anomalies of the device as a whole
  double min_score = 1;      ///< weaker anomalies do not count
  int64_t created_us = 0;    ///< on the clock on the wall
  std::string actor;         ///< who moved it
  std::string alert_id;      ///< because of which alert
  bool is_reverted = false;  ///< somebody has taken it back
  /// It holds for event times from_us <= t < until_us. Without `from_us` no engine has taken it
  /// over yet; without `until_us` it goes on.
  std::optional<int64_t> from_us, until_us;
};

/// A value; reading it is safe from any thread.
class AlertGates {
 public:
  AlertGates() = default;
  explicit AlertGates(const std::vector<AlertGate>& gates);

  bool empty() const { return gates_.empty(); }
  /// Whether an anomaly of that score counts for alerts. `metric` is empty for the device as a
  /// whole.
  bool Passes(std::string_view device, std::string_view metric, int64_t event_time_us,
              double score) const;

 private:
  struct Span {
    int64_t from_us, until_us;
    double min_score;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Span>> gates_;  // by device and metric
};

}  // namespace avocet
