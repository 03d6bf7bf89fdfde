// TailRarity: how rare it is that a positive quantity is as large as this.
//
// A histogram with 16 bins per factor of ten, from 0.01 to 1e4, and the largest value, which is
// forgotten slowly. Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace avocet::auto_detect {

class TailRarity {
 public:
  /// Decades of rarity among the values so far, 0 below kJudgesAfter of them; then learns x.
  float Update(float x) {
    const float value = std::max(x, kSmallest);
    const float position =
        std::clamp((std::log10(value) + 2) * kBinsPerDecade, 0.0F, static_cast<float>(kBins));
    const int bin = std::min(static_cast<int>(position), kBins - 1);
    float rarity = 0;
    if (total_ >= kJudgesAfter) {
      uint32_t above = 0;
      for (int i = bin + 1; i < kBins; ++i) above += bins_[i];
      const float part = std::max(0.0F, 1 - (position - static_cast<float>(bin)));
      const float count = static_cast<float>(above) + static_cast<float>(bins_[bin]) * part;
      rarity = std::log10((static_cast<float>(total_) + 1) / (count + 0.2F));
      if (value > largest_ && largest_ > 0) rarity += std::log10(value / largest_);
    }
    ++total_;
    if (++bins_[bin] == UINT16_MAX) {
      for (uint16_t& count : bins_) count /= 2;
      total_ /= 2;
    }
    largest_ = std::max(largest_ * kMemory, value);
    return rarity;
  }

  bool IsPlausible() const { return largest_ >= 0 && largest_ < 1e9F && total_ < (1U << 30); }

 private:
  static constexpr int kBins = 96;
  static constexpr float kBinsPerDecade = 16;
  static constexpr float kSmallest = 0.01F;
  static constexpr float kMemory = 0.99995F;
  static constexpr uint32_t kJudgesAfter = 50;

  float largest_;
  uint32_t total_;
  uint16_t bins_[kBins];
};

}  // namespace avocet::auto_detect
