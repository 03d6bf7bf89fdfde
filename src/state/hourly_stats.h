// HourlyStats: count, min, max, mean and deviation per device, metric and hour of event time; and
// what the readings of the hour say of the device.
//
// An hour [h:00, h+1:00) UTC is open for a device while the device's newest event time is below the
// hour's end plus the allowed lateness. Close emits each (device, metric, hour) exactly once; hours
// that were written early because the stream ended stay open and are emitted again as amendments
// when they change. Mean and deviation by Welford (1962), in arrival order.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/state/hour.h"
#include "src/state/state_io.h"

namespace avocet {

struct HourStats {
  double min = 0;
  double max = 0;
  double mean = 0;
  double m2 = 0;  ///< sum of squared distances from the mean
  uint32_t count = 0;
  uint32_t anomalies = 0;
  uint32_t late = 0;
  uint32_t unused = 0;

  void Add(double value);
  double SampleDeviation() const;  ///< NaN below two values
  friend bool operator==(const HourStats&, const HourStats&) = default;
};

/// A row of device_stats.
struct HourRow {
  uint32_t slot = 0;
  uint16_t metric = 0;
  int64_t hour_us = 0;
  HourStats stats;
  bool amends = false;  ///< a row with this key is in the table
};

/// What an hour says of a device as a whole. Raw bytes of a snapshot.
struct DeviceHour {
  int64_t first_us = 0, last_us = 0;  ///< of readings that were not late; 0: there was none
  int64_t silent_us = 0;              ///< before its readings, beyond what is usual
  int64_t anomalous_us = 0;           ///< time that readings stand for during which one was strange
  double interval_us = 0;             ///< usual time between readings; 0: not known
  uint32_t readings = 0;              ///< also those that quality rules dropped
  uint32_t late = 0;
  uint32_t invalid = 0;  ///< readings that broke a quality rule
  uint32_t anomalies = 0;
  friend bool operator==(const DeviceHour&, const DeviceHour&) = default;
};

/// An hour of a device, for its health. The stream may have ended within it.
struct EndedHour {
  uint32_t slot = 0;
  int64_t hour_us = 0;
  int64_t until_us = 0;  ///< the end of the hour, or of what there is of it
  bool due = true;       ///< its row is to be written
  bool amends = false;   ///< a row of it was written
  DeviceHour device = {};
  std::vector<HourStats> stats = {};  ///< per metric
};

class HourlyStats {
 public:
  explicit HourlyStats(int64_t allowed_lateness_us) : lateness_us_(allowed_lateness_us) {}

  /// Adds a reading; `newest_us` is the device's newest event time including this reading. A late
  /// reading whose hour is closed is left out. Returns the device's hour, null when left out; valid
  /// until the next call.
  DeviceHour* Add(uint32_t slot, int64_t event_time_us, int64_t newest_us, bool late,
                  std::span<const double> values);

  /// Counts an anomaly of a metric in its hour, which is open.
  void AddAnomaly(uint32_t slot, uint16_t metric, int64_t event_time_us, size_t num_metrics);

  /// The device's hour that holds `event_time_us`, to be changed; null unless it is open.
  DeviceHour* FindDevice(uint32_t slot, int64_t event_time_us);

  /// Emits and forgets the hours of `slot` that `newest_us` closes. `ended`: in order of time.
  void Close(uint32_t slot, int64_t newest_us, std::vector<HourRow>* out,
             std::vector<EndedHour>* ended);

  /// The earliest device time that closes an open hour of `slot`, INT64_MAX without open hours.
  int64_t NextClose(uint32_t slot) const {
    return slot < next_close_.size() ? next_close_[slot] : std::numeric_limits<int64_t>::max();
  }

  /// The stream ends: emits what is not in the tables yet, and keeps the hours open. `newest_us`:
  /// per slot, the newest event time. `ended`: all open hours, by device and in order of time, also
  /// those that are not due.
  void Flush(std::span<const int64_t> newest_us, std::vector<HourRow>* out,
             std::vector<EndedHour>* ended);

  /// The table holds this row for an hour that is still open (known after recovery).
  void MarkWritten(uint32_t slot, int64_t hour_us, uint16_t metric, uint32_t count,
                   uint32_t anomalies, uint32_t late);
  /// The same of the device's health, which was written when the stream had come to `until_us`.
  void MarkHealthWritten(uint32_t slot, int64_t hour_us, int64_t until_us, uint32_t readings,
                         uint32_t anomalies);

  /// The oldest open hour of any device, INT64_MAX when there is none.
  int64_t OldestOpenHour() const;

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  static constexpr int64_t kNotWritten = std::numeric_limits<int64_t>::min();

  struct OpenHour {
    int64_t hour_us = 0;
    std::vector<HourStats> stats;  // per metric
    std::vector<uint8_t>
        written;  // per metric: empty, or 1 in the table, 2 in the table and changed
    DeviceHour device;
    int64_t health_until_us = kNotWritten;  // health was written up to here, ...
    uint32_t health_readings = 0;           // ... from so many readings and anomalies
    uint32_t health_anomalies = 0;
  };
  OpenHour& Find(uint32_t slot, int64_t hour_us, size_t num_metrics);
  OpenHour* FindOpen(uint32_t slot, int64_t hour_us);
  static void Emit(uint32_t slot, OpenHour* hour, std::vector<HourRow>* out);
  static void MarkHealth(OpenHour* hour, int64_t until_us, uint32_t readings, uint32_t anomalies);
  static void Touch(OpenHour* hour, size_t metric);

  int64_t lateness_us_;
  void UpdateNextClose(uint32_t slot);

  std::vector<std::vector<OpenHour>> open_;  // per slot, a few, unordered
  std::vector<int64_t> next_close_;          // per slot
};

}  // namespace avocet
