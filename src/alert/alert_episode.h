// AlertEpisode: the state machine of one rule over one series, in event time.
//
// Idle until an anomaly fires; pending until enough readings in a row are anomalous for long
// enough; then firing, or flapping when it fired too often of late; cleared when it has been quiet
// for long enough. A pure function of what it observes.
#pragma once

#include <cstdint>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/state/state_io.h"

namespace avocet {

/// What one reading of the series says. `fires`: it is anomalous at the level that fires;
/// `holds`: at least at the level that keeps an alert firing.
struct AlertObservation {
  int64_t time_us = 0;
  bool fires = false;
  bool holds = false;
  AlertFinding finding;  ///< used when it fires or holds
};

class AlertEpisode {
 public:
  /// Who the alert is about; copied into each change.
  struct Subject {
    std::string_view device;
    std::string_view metric;
    std::string_view label;
  };

  /// Readings come in order; a time that goes back counts as no time passing. Appends the changes.
  void Observe(const AlertRuleConfig& rule, const Subject& subject, AlertObservation observation,
               std::vector<AlertChange>* out);

  AlertState state() const { return state_; }
  /// True when a reading without an anomaly at `time_us` changes nothing, and the object is as good
  /// as a new one.
  bool IsForgettable(const AlertRuleConfig& rule, int64_t time_us) const;

  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  void Open(int64_t time_us);
  void Fire(const AlertRuleConfig& rule, const Subject& subject, std::vector<AlertChange>* out);
  void Close(const AlertRuleConfig& rule, const Subject& subject, std::string reason,
             std::vector<AlertChange>* out);
  void Tell(AlertState state, const AlertRuleConfig& rule, const Subject& subject,
            std::string reason, std::vector<AlertChange>* out);
  void WatchPending(const AlertRuleConfig& rule, const Subject& subject, bool opened,
                    std::vector<AlertChange>* out);
  void WatchFiring(const AlertRuleConfig& rule, const Subject& subject, bool quiet,
                   std::vector<AlertChange>* out);

  AlertState state_ = AlertState::kIdle;
  uint64_t recent_ = 0;  // one bit per reading, the newest is the lowest: it fired
  int64_t now_us_ = INT64_MIN;
  int64_t opened_us_ = INT64_MIN;
  int64_t repeat_ = 0;                   // alerts before this one that opened at the same time
  int64_t enough_since_us_ = INT64_MIN;  // INT64_MIN: not enough readings are anomalous
  int64_t fired_us_ = INT64_MIN;
  int64_t held_us_ = INT64_MIN;  // newest anomaly
  int64_t anomalies_ = 0;
  int64_t changes_ = 0;
  AlertSeverity told_severity_ = AlertSeverity::kInfo;
  AlertSeverity severity_ = AlertSeverity::kInfo;
  AlertFinding strongest_;
  std::vector<int64_t> fires_us_;  // within the flapping window
};

}  // namespace avocet
