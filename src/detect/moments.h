// Running mean and variance of a series in 24 bytes, exact to about 1e-13 over millions of
// readings.
#pragma once

#include <cmath>
#include <cstdint>

#include "src/detect/number_limits.h"

namespace avocet {

/// Welford's recurrence with the mean held as an unevaluated sum of a double and a float, 77 bits
/// in all: the plain recurrence loses the mean's increments when the offset is large compared with
/// the spread. A constant series has variance 0 exactly, as all its increments are exactly 0.
///
/// The all-zero object is the empty series. Usable as raw bytes of a snapshot.
struct Moments {
  double mean = 0;
  double m2 = 0;       ///< sum of squared differences from the mean
  float mean_low = 0;  ///< the mean is mean + mean_low
  uint32_t count = 0;  ///< stays at UINT32_MAX: the oldest readings then fade by 2^-32 per reading

  double Deviation(double x) const { return (x - mean) - static_cast<double>(mean_low); }

  /// Adds `x`, where `deviation` = Deviation(x). REQUIRES: IsLearnable(x).
  void Add(double x, double deviation) {
    if (count == 0) {
      mean = x;
      count = 1;
      return;
    }
    count += count != UINT32_MAX;
    AddToMean(deviation / static_cast<double>(count));
    m2 += deviation * Deviation(x);
  }
  void Add(double x) { Add(x, Deviation(x)); }

  /// Sample standard deviation (n - 1). REQUIRES: count >= 2.
  double Std() const { return std::sqrt(m2 / static_cast<double>(count - 1)); }

  /// The moments of both sets of readings together (Chan, Golub and LeVeque 1979).
  static Moments Merge(const Moments& a, const Moments& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    Moments merged = a;
    merged.count = a.count + b.count;
    const double difference =
        (b.mean - a.mean) + (static_cast<double>(b.mean_low) - static_cast<double>(a.mean_low));
    const double share = static_cast<double>(b.count) / static_cast<double>(merged.count);
    merged.AddToMean(difference * share);
    merged.m2 = a.m2 + b.m2 + difference * difference * share * static_cast<double>(a.count);
    return merged;
  }

  /// False for bytes that cannot be a series.
  bool IsPlausible() const {
    return IsLearnable(mean) && IsLearnable(static_cast<double>(mean_low)) && m2 >= 0 &&
           std::isfinite(m2);
  }

 private:
  // Two-sum of mean and increment; what does not fit into the double goes to mean_low.
  void AddToMean(double increment) {
    const double sum = mean + increment;
    const double rounded = sum - mean;
    const double error = (mean - (sum - rounded)) + (increment - rounded);
    const double low = static_cast<double>(mean_low) + error;
    mean = sum + low;
    mean_low = static_cast<float>(low - (mean - sum));
  }
};
static_assert(sizeof(Moments) == 24);

}  // namespace avocet
