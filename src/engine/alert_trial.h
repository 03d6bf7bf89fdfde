// AlertTrial: what alert rules would make of readings and anomalies that are stored.
//
// Runs the state machine of alerts without the detectors before it: quick enough for a preview. At
// the beginning of the range nothing is open, and spikes know no usual number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/alert/alert_gates.h"
#include "src/alert/device_alerts.h"
#include "src/config/config.h"
#include "src/engine/lake_tables.h"

namespace avocet {

struct AlertTrialRange {
  int64_t from_us = 0;  ///< event time, inclusive
  int64_t to_us = 0;    ///< exclusive
  std::string device;   ///< empty: all
  /// Stored readings to look through; the range begins later when there are more.
  uint64_t most_readings = 5'000'000;
};

class AlertTrial {
 public:
  /// Reads the range. The tables are refreshed.
  static Result<AlertTrial> Load(const Config& config, LakeTables* tables,
                                 const AlertTrialRange& range);

  /// The changes of alerts in order of event time.
  std::vector<AlertChange> Run(const std::vector<AlertRuleConfig>& rules,
                               const AlertGates& gates) const;

  /// Where what was read begins.
  int64_t from_us() const { return from_us_; }
  uint64_t num_readings() const { return num_readings_; }
  uint64_t num_anomalies() const { return num_anomalies_; }

 private:
  struct Found {
    std::string id, reason;
    uint16_t metric = kNoMetric;
    uint16_t detector = 0;
    bool is_silence = false;
    AlertSeverity severity = AlertSeverity::kWarning;
    int64_t event_time_us = 0;
    double value = 0, expected = 0, lower = 0, upper = 0, score = 0;
  };
  struct Series {
    std::string name;
    std::vector<Found> anomalies;              // by event time
    std::vector<int64_t> times;                // of the readings that came in order
    std::vector<std::vector<double>> columns;  // by metric, empty where it has no anomaly
  };

  Status ReadAnomalies(Table* table, const AlertTrialRange& range);
  Status ReadReadings(Table* table, const AlertTrialRange& range);
  void Tell(const Series& series, uint32_t slot, DeviceAlerts* alerts) const;

  DevicesConfig labels_;
  std::vector<std::string> metrics_;
  std::vector<std::string> detectors_;
  std::vector<Series> devices_;
  int64_t from_us_ = 0;
  uint64_t num_readings_ = 0;
  uint64_t num_anomalies_ = 0;
};

}  // namespace avocet
