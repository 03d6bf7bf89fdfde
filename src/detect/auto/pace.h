// Pace: how often a series, or a device, reports, and how long its ordinary pauses are.
// Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cstdint>

namespace avocet::auto_detect {

class Pace {
 public:
  static constexpr uint32_t kKnownAfter = 5;  // spacings

  /// Learns a spacing of `seconds` > 0.
  void Update(double seconds) {
    const auto spacing = static_cast<float>(std::min(seconds, kLongest));
    if (count_ == 0) period_s_ = spacing;
    if (spacing > 0.8F * period_s_ && spacing < 1.25F * period_s_) {
      period_s_ += 0.1F * (spacing - period_s_);
    } else {
      // Follows the median of an irregular series.
      const uint32_t pairs = count_ / 2;
      const float rate = std::max(0.05F, 0.5F / static_cast<float>(1 + pairs));
      period_s_ *= spacing > period_s_ ? 1 + rate : 1 - rate;
      period_s_ = std::clamp(period_s_, kShortest, static_cast<float>(kLongest));
    }
    if (count_ != UINT32_MAX) ++count_;
    const float periods = spacing / period_s_;
    // A silence that was too long widens what is ordinary by no more than a factor of two.
    longest_ = std::max(longest_ * kMemory, std::min(periods, 2 * longest_ + 3));
  }

  bool IsKnown() const { return count_ >= kKnownAfter; }
  /// Usual time between two readings, in seconds. REQUIRES: at least one spacing.
  float period_s() const { return period_s_; }
  /// The silence from which on readings are missing, in seconds.
  double Patience() const {
    constexpr float kPeriods = 6;
    return static_cast<double>(period_s_) *
           static_cast<double>(std::max(kPeriods, 1.5F * longest_));
  }
  uint32_t count() const { return count_; }

  bool IsPlausible() const {
    return period_s_ >= 0 && period_s_ <= 1.1e10F && longest_ >= 0 && longest_ < 1e15F;
  }

 private:
  static constexpr double kLongest = 1e10;  // seconds
  static constexpr float kShortest = 1e-6F;
  static constexpr float kMemory = 0.9999F;

  float period_s_;
  float longest_;  // ordinary silence, in periods
  uint32_t count_;
};

}  // namespace avocet::auto_detect
