// DeviceHealth: how well each device of a shard is, hour by hour. See docs/health.md.
//
// Owned by one shard, used by one thread at a time. What is remembered of a device is small and of
// one size. Hours come in order of time; what is made of them depends on the device's readings
// alone, never on when they are closed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/state/device_table.h"
#include "src/state/hourly_stats.h"
#include "src/state/level_drift.h"
#include "src/state/reporting_pace.h"
#include "src/state/state_io.h"

namespace avocet {

/// A row of device_health. Shares are 0 to 1, NaN where nothing can be said.
struct HealthRow {
  uint32_t slot = 0;
  int64_t hour_us = 0;
  int64_t until_us = 0;  ///< the end of the hour, or of what there is of it
  bool amends = false;   ///< a row with this key is in the table
  double health = 0;     ///< 0 to 100
  double availability = 0;
  double freshness = 0;
  double quality = 0;
  double anomaly_share = 0;
  double drift = 0;
  uint16_t drift_metric = kNoDrift;  ///< the metric that moved furthest
  int64_t expected = -1;             ///< readings; -1: not known
  DeviceHour device = {};

  static constexpr uint16_t kNoDrift = UINT16_MAX;
};

class DeviceHealth {
 public:
  /// A reading, in order of arrival. `previous_us`: the device's newest event time before it,
  /// kNoTime for its first one. `hour` takes what it says of its hour, null when it is left out.
  /// Returns the time that the reading stands for, 0 when it is late.
  int64_t OnReading(uint32_t slot, int64_t time_us, int64_t previous_us, bool invalid,
                    DeviceHour* hour);

  /// Hours of devices ended for good, each device's in order of time. Between two hours with
  /// readings there are rows of the hours without, up to a week of them.
  void Close(std::span<const EndedHour> hours, std::vector<HealthRow>* out);

  /// The same of hours that go on if the stream does, and only of those: nothing is remembered.
  void Preview(std::span<const EndedHour> hours, std::vector<HealthRow>* out) const;

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  /// What is remembered of a device between hours.
  struct Past {
    int64_t next_hour_us = kNoTime;  ///< the first hour that has no row; kNoTime: there is none
    int64_t last_us = 0;             ///< newest reading before it that was not late
    double interval_us = 0;          ///< usual time between readings then; 0: not known
  };
  struct Memory {
    Past past;
    std::vector<LevelDrift> levels;  ///< per metric
  };

  Memory Recall(uint32_t slot) const;
  void Remember(uint32_t slot, const Memory& memory);
  /// Appends the rows of the hours without a reading before `hour`.
  static void AppendGap(const EndedHour& hour, const Memory& memory, std::vector<HealthRow>* out);
  /// Appends the row of `hour`.
  static void Append(const EndedHour& hour, Memory* memory, std::vector<HealthRow>* out);

  std::vector<ReportingPace> paces_;             // per slot
  std::vector<Past> pasts_;                      // per slot
  std::vector<std::vector<LevelDrift>> levels_;  // [metric][slot]
};

}  // namespace avocet
