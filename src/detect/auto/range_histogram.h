// RangeHistogram: how often values like this one were seen, with a resolution that follows the
// range of the values.
//
// Equal bins over a range that doubles when a value falls outside: pairs of bins are merged. The
// first values are kept to choose the range. A single value may at most quadruple the range, so
// that one broken reading does not cost all resolution; what lies further out is counted at the
// edge. Counts are halved when one of them is full. Raw bytes of a snapshot; zero-initialised is
// empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace avocet::auto_detect {

template <typename Real, int kBins>
class RangeHistogram {
 public:
  static constexpr uint32_t kWarmUp = 32;
  static_assert(kBins * sizeof(uint16_t) >= kWarmUp * sizeof(Real));

  bool ready() const { return warm_ >= kWarmUp; }
  Real min() const { return min_; }
  Real max() const { return max_; }

  /// One of the first kWarmUp values. REQUIRES: !ready().
  void WarmUp(Real x) {
    std::memcpy(reinterpret_cast<char*>(bins_) + warm_ * sizeof(Real), &x, sizeof(Real));
    min_ = warm_ == 0 ? x : std::min(min_, x);
    max_ = warm_ == 0 ? x : std::max(max_, x);
    if (++warm_ == kWarmUp) Begin();
  }

  /// For ascending `fractions` of the range seen so far: counts of the values that are not further
  /// from x than that. Widens the bins when x is outside. REQUIRES: ready().
  template <size_t kWindows>
  void Count(Real x, const float (&fractions)[kWindows], float (&counts)[kWindows]) {
    const Real range = max_ - min_;
    Cover(x);
    const Real position = std::clamp<Real>((x - low_) / width_, -1, kBins) - Real{0.5};
    constexpr Real kAtLeast = static_cast<Real>(0.51);  // the bin that holds x
    uint32_t sum = 0;
    int begin = 0, end = 0;  // bins summed so far
    for (size_t i = 0; i < kWindows; ++i) {
      const Real half =
          std::clamp<Real>(static_cast<Real>(fractions[i]) * range / width_, kAtLeast, kBins);
      const int from = std::max(static_cast<int>(std::ceil(position - half)), 0);
      const int to = std::min(static_cast<int>(std::floor(position + half)) + 1, kBins);
      if (i == 0) begin = end = from;
      for (; begin > from; --begin) sum += bins_[begin - 1];
      for (; end < to; ++end) sum += bins_[end];
      counts[i] = static_cast<float>(sum);
    }
  }

  /// Decades of rarity of something seen `count` times among the values.
  float Rarity(float count) const {
    constexpr float kUnseen = 0.2F;
    return std::log10((static_cast<float>(total_) + 1) / (count + kUnseen));
  }

  /// REQUIRES: ready(), and Count(x) just before.
  void Add(Real x) {
    Increment(BinOf(x));
    min_ = std::max(std::min(min_, x), low_);
    max_ = std::min(std::max(max_, x), low_ + width_ * kBins);
  }

  bool IsPlausible() const {
    constexpr Real kFar = std::is_same_v<Real, float> ? Real(1e12) : Real(1e60);
    const auto fits = [](Real x) { return x >= -kFar && x <= kFar; };
    if (warm_ > kWarmUp || !fits(min_) || !fits(max_) || !fits(low_)) return false;
    if (ready()) return width_ > 0 && fits(width_) && min_ <= max_ && total_ < (1U << 30);
    for (uint32_t i = 0; i < warm_; ++i) {
      if (!fits(Warm(i))) return false;
    }
    return true;
  }

 private:
  Real Warm(uint32_t i) const {
    Real x = 0;
    std::memcpy(&x, reinterpret_cast<const char*>(bins_) + i * sizeof(Real), sizeof(Real));
    return x;
  }

  int BinOf(Real x) const {
    return static_cast<int>(std::clamp<Real>((x - low_) / width_, 0, kBins - 1));
  }

  void Begin() {
    Real values[kWarmUp];
    std::memcpy(values, bins_, sizeof(values));
    std::memset(bins_, 0, sizeof(bins_));
    const Real largest = std::max(std::abs(min_), std::abs(max_));
    Real range = max_ - min_;
    // A constant series: room for changes of a tenth of its value.
    if (!(range > largest * Real(1e-6))) range = largest > 0 ? largest / 10 : Real(1e-3);
    width_ = 4 * range / kBins;
    low_ = (min_ + max_) / 2 - width_ * kBins / 2;
    for (const Real x : values) Increment(BinOf(x));
  }

  void Increment(int bin) {
    constexpr uint16_t kFull = UINT16_MAX;
    ++total_;
    if (++bins_[bin] < kFull) return;
    for (uint16_t& count : bins_) count /= 2;
    total_ /= 2;
  }

  void Cover(Real x) {
    for (int growth = 0; growth < 2; ++growth) {
      const bool below = x < low_;
      if (!below && x < low_ + width_ * kBins) return;
      uint16_t merged[kBins] = {};
      uint16_t* half = below ? merged + kBins / 2 : merged;
      for (int bin = 0; bin < kBins; ++bin) {
        const int sum = half[bin / 2] + bins_[bin];
        half[bin / 2] = static_cast<uint16_t>(std::min(sum, UINT16_MAX - 1));
      }
      std::memcpy(bins_, merged, sizeof(bins_));
      if (below) low_ -= width_ * kBins;
      width_ *= 2;
    }
  }

  Real low_, width_, min_, max_;
  uint32_t total_, warm_;
  alignas(Real) uint16_t bins_[kBins];  // before ready(): the first values
};

}  // namespace avocet::auto_detect
