// Spread: the usual size of a quantity around zero, as a running quantile.
//
// A quantile, unlike a variance, moves at the same pace however far out a value is: a fault of
// hours hardly widens it. Follows the 0.9 quantile of the magnitude by stochastic approximation
// (Robbins and Monro 1951) in proportion to itself. Raw bytes of a snapshot; zero-initialised is
// empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace avocet::auto_detect {

class Spread {
 public:
  /// Learns x. `slowest`: the rate that steps do not fall below. `doubtful`: x is perhaps not
  /// ordinary, and no faster learned than that.
  void Update(float x, float slowest, bool doubtful = false) {
    const float magnitude = std::abs(x);
    if (count_ != UINT32_MAX) ++count_;
    if (count_ <= kFirst || !(quantile_ > 0)) {
      // As of a normal quantity with this mean magnitude.
      const float guess = std::min(kOfMean * magnitude, kLargest);
      quantile_ += (guess - quantile_) / static_cast<float>(std::min(count_, kFirst));
      return;
    }
    const float n = static_cast<float>(count_) + kStart;
    const float rate = !doubtful && n * slowest < kStart ? kStart / n : slowest;
    quantile_ *= magnitude > quantile_ ? 1 + kQuantile * rate : 1 - (1 - kQuantile) * rate;
    quantile_ = std::clamp(quantile_, kSmallest, kLargest);
  }

  /// The standard deviation of a normal quantity with this quantile; 0 while nothing is known.
  float deviation() const { return quantile_ * kPerQuantile; }
  uint32_t count() const { return count_; }

  bool IsPlausible() const { return quantile_ >= 0 && quantile_ <= kLargest; }

 private:
  static constexpr float kQuantile = 0.9F;
  static constexpr float kPerQuantile = 1 / 1.645F;  // deviations of a normal quantity
  static constexpr float kOfMean = 2.06F;            // the quantile, in mean magnitudes
  static constexpr uint32_t kFirst = 16;
  static constexpr float kStart = 3;
  static constexpr float kSmallest = 1e-30F;
  static constexpr float kLargest = 1e30F;

  float quantile_;
  uint32_t count_;
};

}  // namespace avocet::auto_detect
