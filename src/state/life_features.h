// LifeFeatures: what is remembered of a device to tell how much useful life it has left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace avocet {

/// Of one size however long the device lives: per metric a fast and a slow running mean of its
/// hours, and the mean of its first ones. They follow time in shares of `cap_hours`, beyond which
/// no model tells lives apart. Who was away for more than a week is taken for new when it is back.
class LifeFeatures {
 public:
  static constexpr size_t kPerMetric = 3;
  static constexpr size_t CountFor(size_t num_metrics) { return kPerMetric * num_metrics + 1; }

  LifeFeatures(size_t num_metrics, double cap_hours);

  /// The means of the hour that begins at `hour_us`, NaN where there is none. REQUIRES: hours come
  /// in ascending order, with one mean for each metric.
  void Add(int64_t hour_us, std::span<const double> means);

  /// Per metric: its level, that less what it began with, and that less the slow one, NaN for a
  /// metric that was never seen; then the logarithm of the age. REQUIRES: Add was called.
  std::vector<double> Values() const;

  /// The newest hour that was added.
  int64_t last_us() const { return last_us_; }

 private:
  struct Metric {
    double fast = 0, slow = 0, first = 0;
    double hours = 0;  // with a mean
  };

  std::vector<Metric> metrics_;
  double fast_rate_, slow_rate_, first_hours_;
  int64_t begin_us_ = INT64_MIN, last_us_ = INT64_MIN;  // INT64_MIN: no hour yet
};

}  // namespace avocet
