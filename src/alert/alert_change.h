// AlertChange: one step in the life of an alert; a row of the table alerts and a message to people.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/config/alert_config.h"

namespace avocet {

enum class AlertState : uint8_t {
  kIdle,      ///< no alert; never in a row
  kPending,   ///< an anomaly was seen, but not yet often or long enough
  kFiring,    ///< people should know; again when it becomes more severe
  kFlapping,  ///< it has fired too often of late to be told each time
  kCleared,   ///< it is over
};
std::string_view AlertStateName(AlertState state);
/// Whether people should know.
constexpr bool Fires(AlertState state) {
  return state == AlertState::kFiring || state == AlertState::kFlapping;
}
std::string_view AlertSeverityName(AlertSeverity severity);

/// The strongest evidence for an alert: an anomaly, or how many there were.
struct AlertFinding {
  std::string anomaly_id;  ///< empty for a spike
  std::string detector;    ///< empty for a spike
  std::string reason;      ///< one sentence, as in the table of anomalies
  AlertSeverity severity = AlertSeverity::kWarning;
  double value = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none; the same below
  double expected = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
  double score = 0;
};

struct AlertChange {
  std::string id;      ///< of the alert, the same from pending to cleared
  int64_t number = 0;  ///< of the change within the alert, from 0
  std::string rule;
  std::string device;  ///< empty: the whole fleet
  std::string metric;  ///< empty: the device as a whole
  std::string label;   ///< the metric with its unit, for people
  AlertState state = AlertState::kIdle;
  int64_t event_time_us = 0;
  int64_t opened_us = 0;                             ///< event time of its first anomaly
  AlertSeverity severity = AlertSeverity::kWarning;  ///< highest so far
  int64_t anomalies = 0;                             ///< so far
  bool fired = false;                                ///< now or before
  AlertFinding strongest;                            ///< so far
  std::string reason;                                ///< why the state changed, in one sentence
};

/// Puts changes into the order in which their rows are written.
void SortChanges(std::vector<AlertChange>* changes);

/// The stable id of the alert that begins at `opened_us`. `repeat` tells apart alerts of a series
/// that begin at the same time.
std::string MakeAlertId(std::string_view rule, std::string_view device, std::string_view metric,
                        int64_t opened_us, int64_t repeat);

/// A change as bytes, and back. kCorrupt when they do not fit.
std::string EncodeAlertChange(const AlertChange& change);
Result<AlertChange> DecodeAlertChange(std::string_view bytes);

}  // namespace avocet
