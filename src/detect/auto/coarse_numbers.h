// CoarseNumbers: numbers in a byte each, most of which are 0, in units of a power of two that fits
// the largest. Raw bytes of a snapshot; zero-initialised is all 0.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace avocet::auto_detect {

template <size_t kSize>
class CoarseNumbers {
 public:
  double Get(size_t i) const {
    return scale_ == 0 ? 0 : std::ldexp(static_cast<double>(values_[i]), exponent());
  }

  /// Whether all are 0.
  bool empty() const { return scale_ == 0; }

  /// Whether x is no reason to round the others more than they are.
  bool Fits(double x) const { return scale_ == 0 || x == 0 || Fitting(x) <= exponent(); }

  /// x to within a hundredth of it, or of the largest number there is.
  void Set(size_t i, double x) {
    values_[i] = 0;
    if (std::none_of(values_, std::end(values_), [](int8_t value) { return value != 0; })) {
      scale_ = 0;
    }
    if (x == 0) return;
    const int fitting = Fitting(x);
    if (scale_ == 0 || fitting > exponent()) Rescale(fitting);
    values_[i] = Rounded(std::clamp(std::ldexp(x, -exponent()), -kSteps, kSteps));
  }

  void Clear() { *this = {}; }

 private:
  static constexpr double kSteps = 127;
  static constexpr int kBits = 6;  // of the largest number, after the first
  static constexpr int kFar = 120;
  static constexpr int kBias = 128;

  static int8_t Rounded(double x) { return static_cast<int8_t>(std::lround(x)); }
  static int Fitting(double x) { return std::clamp(std::ilogb(x) - kBits, -kFar, kFar); }
  int exponent() const { return scale_ - kBias; }
  void Rescale(int exponent_to_be) {
    if (scale_ != 0) {
      for (int8_t& value : values_) {
        value = Rounded(std::ldexp(value, exponent() - exponent_to_be));
      }
    }
    scale_ = static_cast<uint8_t>(exponent_to_be + kBias);
  }

  uint8_t scale_;  // the exponent of the unit and kBias; 0: all numbers are 0
  int8_t values_[kSize];
};

}  // namespace avocet::auto_detect
