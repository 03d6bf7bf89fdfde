// How far numbers may go, so that sums of squares stay finite and no score is NaN.
#pragma once

#include <algorithm>
#include <limits>

namespace avocet {

/// Readings beyond this magnitude are judged but not learned: sums of squared differences must stay
/// below 1.8e308, and the low part of a mean (2^-53 of it) must fit a float.
inline constexpr double kLargestLearned = 1e50;

/// The score of an anomaly that has no scale: any change of a constant series.
inline constexpr double kUnscaledScore = 10;

/// `value` without infinities.
inline double Finite(double value) {
  constexpr double kMax = std::numeric_limits<double>::max();
  return std::clamp(value, -kMax, kMax);
}

/// |value| <= kLargestLearned; false for NaN.
inline bool IsLearnable(double value) {
  return value >= -kLargestLearned && value <= kLargestLearned;
}

}  // namespace avocet
