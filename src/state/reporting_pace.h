// ReportingPace: how much time usually lies between two readings of a device.
#pragma once

#include <cstdint>

#include "src/state/hour.h"

namespace avocet {

/// The all-zero object is a device that has not reported. Raw bytes of a snapshot.
///
/// The mean spacing of each hour, smoothed over a day, or over a week while it grows. Spacings of
/// more than kOutage times the usual one are outages and teach nothing, unless an hour has more of
/// them than of others.
class ReportingPace {
 public:
  static constexpr double kOutage = 3;

  /// 0 while not known.
  double interval_us() const {
    if (interval_us_ > 0) return interval_us_;
    return ordinary_ >= kFewest ? ordinary_us_ / ordinary_ : 0;
  }

  /// A reading came `spacing_us` > 0 after the one before it.
  void Add(int64_t time_us, int64_t spacing_us) {
    const int64_t hour_us = HourOf(time_us);
    if (hour_us != hour_us_) {
      Conclude();
      hour_us_ = hour_us;
    }
    const double usual = interval_us();
    const auto spacing = static_cast<double>(spacing_us);
    if (usual > 0 && spacing > kOutage * usual) {
      long_us_ += spacing;
      ++long_;
    } else {
      ordinary_us_ += spacing;
      ++ordinary_;
    }
  }

 private:
  static constexpr uint32_t kFewest = 3;
  // Per hour. Losses look like a slower pace, so that is believed slowly.
  static constexpr double kFasterRate = 1.0 / 24, kSlowerRate = 1.0 / 168;

  void Conclude() {
    if (long_ > ordinary_) {
      interval_us_ = long_us_ / long_;
    } else if (ordinary_ > 0) {
      const double mean = ordinary_us_ / ordinary_;
      const double rate = mean < interval_us_ ? kFasterRate : kSlowerRate;
      interval_us_ += interval_us_ > 0 ? rate * (mean - interval_us_) : mean;
    }
    ordinary_us_ = long_us_ = 0;
    ordinary_ = long_ = 0;
  }

  double interval_us_ = 0;
  double ordinary_us_ = 0, long_us_ = 0;  // sums over the present hour
  int64_t hour_us_ = 0;
  uint32_t ordinary_ = 0, long_ = 0;
};
static_assert(sizeof(ReportingPace) == 40);

}  // namespace avocet
