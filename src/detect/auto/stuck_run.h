// StuckRun: how long a value has not changed, against the longest time that was ordinary.
// Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cstdint>

namespace avocet::auto_detect {

class StuckRun {
 public:
  /// The run in units of what is tolerated. A run that was too long widens what is ordinary by no
  /// more than a factor of two. `judges` false: every run is ordinary. The longest of few runs says
  /// little, as of a series of whole numbers that hardly moves: then more is tolerated.
  float Update(bool same, bool judges) {
    if (!same) {
      const float capped = judges ? std::min(run_, 2 * longest_ + 3) : run_;
      longest_ = std::max(longest_ * kMemory, capped);
      if (changes_ != UINT32_MAX) ++changes_;
      run_ = 0;
      return 0;
    }
    run_ += 1;
    if (!judges || changes_ < kAliveAfter) return 0;
    const float doubt = 1 + kFewChanges / static_cast<float>(changes_);
    return run_ / (kTolerated * doubt * (2 * std::max(longest_, kShortest) + 10));
  }

  float run() const { return run_; }
  bool IsPlausible() const { return run_ >= 0 && run_ < 1e9F && longest_ >= 0 && longest_ < 1e9F; }

 private:
  static constexpr uint32_t kAliveAfter = 20;  // changes: a series that never does is not stuck
  static constexpr float kFewChanges = 60;
  static constexpr float kTolerated = 0.8F;
  static constexpr float kShortest = 3;
  static constexpr float kMemory = 0.99999F;  // per run

  float run_, longest_;
  uint32_t changes_;
};

}  // namespace avocet::auto_detect
