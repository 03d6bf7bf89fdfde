// RollingWindows: the mean of each metric over a device's last `window` of event time.
//
// Exact meaning: after Push of a reading at time t, the mean of a metric is over the device's
// pushed values of that metric with event time in (t - window, t]. Results depend only on the
// sequence of pushes of the device.
//
// Values of sensors are short decimals. While all values of a series are n / 10^k with a 32-bit n
// and k <= 9 (checked exactly, value by value), the window keeps the integers n: their running sum
// is exact and the mean is rounded once. The first other value makes the series wide for good: a
// queue of two stacks of doubles, of which the older part holds suffix sums and the newer part
// values and one running sum, so that nothing is ever subtracted and no error accumulates however
// long the stream is.
//
// Memory of a device with n readings in its window: 4 n bytes of times (8 n when the window is
// longer than 35 minutes), 4 n per metric of short decimals, 8 n per wide metric, and 13 bytes per
// metric and 40 per device on top; n is rounded up by at most an eighth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/state/state_io.h"

namespace avocet {

class RollingWindows {
 public:
  explicit RollingWindows(int64_t window_us) : window_us_(window_us) {}

  /// Adds a reading; `values` and `means` have one entry per metric (NaN: no value, no mean).
  /// Metrics may be appended between calls, never removed.
  /// REQUIRES: event_time_us is not older than the slot's previous push.
  void Push(uint32_t slot, int64_t event_time_us, std::span<const double> values,
            std::span<double> means);

  size_t StateBytes() const;
  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  struct Ring {
    std::unique_ptr<std::byte[]> block;  // laid out by View
    int64_t newest_us = 0;
    uint32_t capacity = 0;
    uint32_t head = 0;   // index of the oldest reading
    uint32_t size = 0;   // readings in the window
    uint32_t older = 0;  // of these, the readings in the older part of the two stacks
    uint16_t metrics = 0;
    uint16_t wide = 0;  // metrics that are wide
  };
  class View;

  bool WideTimes() const;
  void Relayout(Ring* ring, uint32_t capacity, uint16_t metrics, int new_wide_metric) const;
  void Evict(Ring* ring, int64_t event_time_us) const;
  void FitScale(Ring* ring, uint16_t metric, double value, int32_t* decimal) const;
  size_t BlockBytes(const Ring& ring) const;

  int64_t window_us_;
  std::vector<Ring> rings_;
  std::vector<int32_t> decimals_;  // scratch: the reading being pushed
};

}  // namespace avocet
