// LatencyHistogram: how often something took how long.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace avocet {

/// Counts durations in twenty buckets a decade, from a microsecond to hours, so that quantiles are
/// exact to 13 %. Any thread adds, any thread reads.
class LatencyHistogram {
 public:
  void Add(std::chrono::nanoseconds latency, uint64_t weight = 1);

  /// Upper end of the bucket that holds the quantile `q` in 0..1; zero without values.
  std::chrono::nanoseconds Quantile(double q) const;
  /// Values of at most `limit`: exact for 1, 1.25, 1.6, 2, 2.5, 4, 5 and 8 times a power of ten of
  /// microseconds, else those up to the next smaller end of a bucket.
  uint64_t CountUpTo(std::chrono::nanoseconds limit) const;
  uint64_t count() const;
  double sum_seconds() const { return sum_seconds_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kNumBounds = 200;
  static const std::array<int64_t, kNumBounds> kBounds;  // nanoseconds

  // One more for what is longer than the last bound.
  std::array<std::atomic<uint64_t>, kNumBounds + 1> buckets_{};
  std::atomic<double> sum_seconds_ = 0;
};

}  // namespace avocet
