// HourlyStats: count, min, max, mean and deviation per device, metric and hour of event time.
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
#include "src/state/state_io.h"

namespace avocet {

inline constexpr int64_t kHourUs = int64_t{3600} * 1'000'000;

/// Start of the hour that holds `time_us`.
int64_t HourOf(int64_t time_us);

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

class HourlyStats {
 public:
  explicit HourlyStats(int64_t allowed_lateness_us) : lateness_us_(allowed_lateness_us) {}

  /// Adds a reading; `newest_us` is the device's newest event time including this reading. A late
  /// reading whose hour is closed is left out.
  void Add(uint32_t slot, int64_t event_time_us, int64_t newest_us, bool late,
           std::span<const double> values);

  /// Counts an anomaly of a metric in its hour, which is open.
  void AddAnomaly(uint32_t slot, uint16_t metric, int64_t event_time_us, size_t num_metrics);

  /// Emits and forgets the hours of `slot` that `newest_us` closes.
  void Close(uint32_t slot, int64_t newest_us, std::vector<HourRow>* out);

  /// The earliest device time that closes an open hour of `slot`, INT64_MAX without open hours.
  int64_t NextClose(uint32_t slot) const {
    return slot < next_close_.size() ? next_close_[slot] : std::numeric_limits<int64_t>::max();
  }

  /// The stream ends: emits what is not in the table yet, and keeps the hours open.
  void Flush(std::vector<HourRow>* out);

  /// The table holds this row for an hour that is still open (known after recovery).
  void MarkWritten(uint32_t slot, int64_t hour_us, uint16_t metric, uint32_t count,
                   uint32_t anomalies, uint32_t late);

  /// The oldest open hour of any device, INT64_MAX when there is none.
  int64_t OldestOpenHour() const;

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  struct OpenHour {
    int64_t hour_us = 0;
    std::vector<HourStats> stats;  // per metric
    std::vector<uint8_t>
        written;  // per metric: empty, or 1 in the table, 2 in the table and changed
  };
  OpenHour& Find(uint32_t slot, int64_t hour_us, size_t num_metrics);
  static void Emit(uint32_t slot, OpenHour* hour, std::vector<HourRow>* out);
  static void Touch(OpenHour* hour, size_t metric);

  int64_t lateness_us_;
  void UpdateNextClose(uint32_t slot);

  std::vector<std::vector<OpenHour>> open_;  // per slot, a few, unordered
  std::vector<int64_t> next_close_;          // per slot
};

}  // namespace avocet
