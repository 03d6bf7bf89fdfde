// RollingWindows: the mean of each metric over a device's last `window` of event time.
//
// Exact meaning: after Push of a reading at time t, the mean of a metric is over the device's
// pushed values of that metric with event time in (t - window, t]. A window is a queue of two
// stacks: the older part holds suffix sums, the newer part raw values and one running sum, so that
// nothing is ever subtracted and no error accumulates however long the stream is. Amortised cost:
// two additions per value. Results depend only on the sequence of pushes of the device.
//
// Memory: per device a ring with room for a power of two of readings, each 8 bytes (time), plus
// 8 bytes per metric and one validity bit per metric (rounded up to bytes).
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
    std::unique_ptr<std::byte[]>
        block;              // times, then values [metric][capacity], sums, counts, masks
    uint32_t capacity = 0;  // power of two
    uint32_t metrics = 0;
    uint32_t head = 0;  // oldest reading, counts up without wrapping at capacity
    uint32_t mid = 0;   // first reading of the newer part
    uint32_t tail = 0;  // one past the newest reading
  };
  struct View;

  static void Reserve(Ring* ring, uint32_t capacity, uint32_t metrics);
  static void Flip(const View& view, Ring* ring);
  void Evict(const View& view, Ring* ring, int64_t oldest_kept_us) const;

  int64_t window_us_;
  std::vector<Ring> rings_;
};

}  // namespace avocet
