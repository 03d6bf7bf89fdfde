// LevelDrift: how far a metric has moved from where it used to be.
#pragma once

#include <algorithm>
#include <cmath>

namespace avocet {

/// Compares the last day of hourly means with the last weeks of them. The all-zero object knows
/// nothing. Raw bytes of a snapshot.
class LevelDrift {
 public:
  static constexpr double kFewestHours = 72;

  /// 0: not further than usual (up to 1.5 standard deviations); 1: 4.5 or more. NaN before three
  /// days of hours are known.
  double Share() const {
    if (hours_ < kFewestHours) return std::nan("");
    const double usual = std::max(std::sqrt(variance_), kLeastRelative * std::abs(slow_));
    const double distance = std::abs(fast_ - slow_);
    if (distance <= kOrdinary * usual) return 0;
    return std::min((distance / usual - kOrdinary) / kRange, 1.0);
  }

  /// The mean of an hour.
  void Learn(double mean) {
    if (!(std::abs(mean) < kLargest)) return;
    hours_ += 1;
    fast_ += std::max(kFastRate, 1 / hours_) * (mean - fast_);
    // What is new teaches slowly: the level that is compared with must not run after it.
    double deviation = mean - slow_;
    if (hours_ > kTrustedHours) {
      const double bound = std::max(kClip * std::sqrt(variance_), kLeastStep * std::abs(deviation));
      deviation = std::clamp(deviation, -bound, bound);
    }
    const double rate = std::max(kSlowRate, 1 / hours_);
    slow_ += rate * deviation;
    variance_ = (1 - rate) * (variance_ + rate * deviation * deviation);
  }

 private:
  static constexpr double kFastRate = 1.0 / 24, kSlowRate = 1.0 / 336;  // per hour
  static constexpr double kTrustedHours = 48;
  static constexpr double kClip = 2, kLeastStep = 0.01;
  static constexpr double kOrdinary = 1.5, kRange = 3;
  static constexpr double kLeastRelative = 1e-3;
  static constexpr double kLargest = 1e100;

  double slow_ = 0, fast_ = 0, variance_ = 0, hours_ = 0;
};

}  // namespace avocet
