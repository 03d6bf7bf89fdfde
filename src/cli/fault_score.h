// FaultScore: how well alarms agree with known faults.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "src/base/civil_time.h"

namespace avocet {

struct Alarm {
  std::string device;
  std::string metric;  ///< empty: the device as a whole
  std::string detector;
  int64_t time_us = 0;
};

/// A fault, from its first to its last affected reading.
struct TruthWindow {
  std::string device;
  std::string metric;  ///< empty: all metrics of the device
  std::string fault;   ///< kind; may be empty
  int64_t start_us = 0;
  int64_t end_us = 0;
};

/// From the first to the last reading of a device.
struct ObservedSpan {
  int64_t first_us = std::numeric_limits<int64_t>::max();
  int64_t last_us = std::numeric_limits<int64_t>::min();
  int64_t watched_us = -1;  ///< when known better than by the difference; -1: not

  void Add(int64_t time_us) {
    first_us = time_us < first_us ? time_us : first_us;
    last_us = time_us > last_us ? time_us : last_us;
  }
};

/// Alarms, and how long each device was watched.
struct AlarmData {
  std::vector<Alarm> alarms;
  std::map<std::string, ObservedSpan> devices;

  /// A row of the output of `detect`: an alarm, or a reading that is none.
  void Add(Alarm row, bool is_alarm);
  /// After the last row. Without readings the span from first to last alarm is not the time in
  /// which there could have been some, and is forgotten.
  void Finish();

 private:
  bool has_readings_ = false;
};

struct ScoreRules {
  /// An alarm so long after a short fault (at most `short_us` long) still finds it.
  int64_t tolerance_us = 2 * kMicrosPerMinute;
  int64_t short_us = kMicrosPerHour;
  /// Alarms so long after a fault are neither right nor wrong; at least the tolerance.
  int64_t aftermath_us = kMicrosPerHour;
  /// False alarms of one device and metric that follow each other within this are one.
  int64_t merge_us = 30 * kMicrosPerMinute;
  /// What begins before is not looked at: the time for learning.
  int64_t from_us = std::numeric_limits<int64_t>::min();
};

struct KindScore {
  uint64_t faults = 0;
  uint64_t found = 0;
  std::vector<double> delays_s;  ///< of those found, ascending
};

struct FaultScore {
  KindScore all;
  std::map<std::string, KindScore> kinds;
  uint64_t alarms = 0;        ///< that were looked at
  uint64_t false_alarms = 0;  ///< episodes
  double device_days = 0;     ///< 0: unknown

  /// 0 to 1; NaN without faults.
  double Recall() const;
  /// Found faults among found faults and false alarms; NaN when there are neither.
  double Precision() const;
  /// NaN when it is not known how long devices were watched.
  double FalseAlarmsPerDeviceDay() const;
};

/// The `share` quantile of ascending values, 0.5 being the median; NaN when there are none.
double Quantile(const std::vector<double>& ascending, double share);

/// A fault is found by the first alarm of its device within it whose metric is the fault's, or when
/// one of both concerns the whole device. An alarm outside of all such faults and their aftermaths
/// is false.
FaultScore ScoreAlarms(std::vector<Alarm> alarms, const std::vector<TruthWindow>& truth,
                       const std::map<std::string, ObservedSpan>& devices, const ScoreRules& rules);

/// As one JSON object; what is unknown is null.
std::string FaultScoreJson(const FaultScore& score);

}  // namespace avocet
