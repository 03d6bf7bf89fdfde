// Views of derived series: the distance between a fast and a slow mean, and the change over some
// steps, each in units of its own usual size, and how rare such a value is.
// Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "src/detect/auto/range_histogram.h"

namespace avocet::auto_detect {

/// Rarity of a quantity that is already in units of its usual size.
class StandardRarity {
 public:
  float Update(float x) {
    if (!histogram_.ready()) {
      histogram_.WarmUp(x);
      return 0;
    }
    float counts[1];
    histogram_.Count(x, kFraction, counts);
    histogram_.Add(x);
    return histogram_.Rarity(counts[0]);
  }
  bool IsPlausible() const { return histogram_.IsPlausible(); }

 private:
  static constexpr float kFraction[1] = {0.025F};
  RangeHistogram<float, 128> histogram_;
};

/// How far the recent level is from the long-term one.
class LevelShift {
 public:
  float Update(double x, uint32_t step) {
    const double n = static_cast<double>(step) + 1;
    if (step == 0) {
      fast_ = slow_ = x;
      return rarity_.Update(0);
    }
    const double rate = std::max(kSlowRate, 1 / n);
    fast_ += std::max(kFastRate, 1 / n) * (x - fast_);
    const double distance = fast_ - slow_;
    float shift = 0;
    if (step > kJudgesAfter && square_ > 0) {
      shift = static_cast<float>(std::clamp(distance / std::sqrt(square_), -kLargest, kLargest));
    }
    square_ = (1 - rate) * square_ + rate * distance * distance;
    slow_ += rate * (x - slow_);
    return rarity_.Update(shift);
  }
  bool IsPlausible() const {
    return std::abs(fast_) < 1e60 && std::abs(slow_) < 1e60 && square_ >= 0 && square_ < 1e120 &&
           rarity_.IsPlausible();
  }

 private:
  static constexpr double kFastRate = 0.05;
  static constexpr double kSlowRate = 0.0003;
  static constexpr double kLargest = 20;
  static constexpr uint32_t kJudgesAfter = 20;

  double fast_, slow_, square_;
  StandardRarity rarity_;
};

/// The change since some steps ago.
class LagDifference {
 public:
  /// `step`: values before x; `before`: the value kLag steps before it.
  float Update(double x, double before, uint32_t step) {
    if (step < kLag) return rarity_.Update(0);
    const double change = x - before;
    const double size = square_ > 0 ? change / std::sqrt(square_) : 0;
    const double rate = std::max(kRate, 1 / (static_cast<double>(step) - (kLag - 1)));
    double square = change * change;
    if (step > kClipsAfter && square_ > 0) square = std::min(square, 25 * square_);
    square_ = (1 - rate) * square_ + rate * square;
    return rarity_.Update(static_cast<float>(std::clamp(size, -kLargest, kLargest)));
  }
  bool IsPlausible() const { return square_ >= 0 && square_ < 1e120 && rarity_.IsPlausible(); }

  static constexpr uint32_t kLag = 5;

 private:
  static constexpr double kRate = 0.002;
  static constexpr double kLargest = 50;
  static constexpr uint32_t kClipsAfter = 50;

  double square_;
  StandardRarity rarity_;
};

/// How long the value has been the same, against the longest time that it ever was.
class FlatRun {
 public:
  float Update(bool same) {
    if (same) {
      ++run_;
    } else {
      longest_ = std::max(longest_, run_);
      run_ = 0;
    }
    constexpr float kMost = 4;
    return std::min(static_cast<float>(run_) / (static_cast<float>(std::max(longest_, 1U)) + 3),
                    kMost);
  }

 private:
  uint32_t run_, longest_;
};

}  // namespace avocet::auto_detect
