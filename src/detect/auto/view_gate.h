// ViewGate: silences a view of a series that keeps finding its data unusual.
//
// A view that breaks its own record again and again knows nothing: the series is of a kind that it
// does not suit. It may do so once, and once more in every 2,000 steps. Raw bytes of a snapshot;
// zero-initialised is open.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace avocet::auto_detect {

class ViewGate {
 public:
  /// `rarity` when the view may speak, 0 when it is silenced. `step`: steps before this one.
  float Pass(float rarity, uint32_t step) {
    const bool open = static_cast<float>(records_) <= 1 + static_cast<float>(step) / kStepsEach;
    const bool is_record = step >= kWarmUp && rarity > largest_;
    largest_ = std::max(largest_ * kMemory, rarity);
    if (is_record) {
      if (records_ == 0 || step - last_ > kSameEvent) ++records_;
      last_ = step;
    }
    return open ? rarity : 0;
  }

  bool IsOpen(uint32_t step) const {
    return static_cast<float>(records_) <= 1 + static_cast<float>(step) / kStepsEach;
  }

  bool IsPlausible() const { return largest_ >= 0 && largest_ < 1e6F; }

 private:
  static constexpr float kStepsEach = 2000;
  static constexpr float kMemory = 0.9999F;
  static constexpr uint32_t kWarmUp = 100;
  static constexpr uint32_t kSameEvent = 100;  // records so close are one

  float largest_;
  uint32_t records_, last_;
};

}  // namespace avocet::auto_detect
