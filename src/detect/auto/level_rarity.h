// LevelRarity: how rare values near this one are, with a bandwidth that tunes itself.
//
// "Near" is a share of the range seen so far. A narrow band is sensitive, and cries wolf on series
// that never repeat themselves: each band may meet an unseen level once, and once more in every
// 1,000 steps; the narrowest band that keeps to that is the one that speaks. Raw bytes of a
// snapshot; zero-initialised is empty.
#pragma once

#include <cmath>
#include <cstdint>

#include "src/detect/auto/range_histogram.h"

namespace avocet::auto_detect {

class LevelRarity {
 public:
  /// Decades of rarity of x among the values so far, 0 while not known; then learns it. `step`:
  /// values before this one.
  float Update(double x, uint32_t step) {
    if (!histogram_.ready()) {
      histogram_.WarmUp(x);
      return 0;
    }
    float counts[kBands];
    histogram_.Count(x, kFractions, counts);
    const float allowed = 1 + static_cast<float>(step) / kStepsEach;
    int chosen = kBands - 1;
    for (int band = kBands - 1; band >= 0; --band) {
      if (static_cast<float>(episodes_[band]) <= allowed) chosen = band;
    }
    for (int band = 0; band < kBands; ++band) {
      if (counts[band] >= 0.5F) continue;
      if (episodes_[band] == 0 || step - last_[band] > kSameEvent) ++episodes_[band];
      last_[band] = step;
    }
    histogram_.Add(x);
    return histogram_.Rarity(counts[chosen]);
  }

  double min() const { return histogram_.min(); }
  double max() const { return histogram_.max(); }
  bool IsPlausible() const { return histogram_.IsPlausible(); }

 private:
  static constexpr int kBands = 4;
  static constexpr float kFractions[kBands] = {0.01F, 0.02F, 0.03F, 0.06F};
  static constexpr float kStepsEach = 1000;
  static constexpr uint32_t kSameEvent = 100;

  RangeHistogram<double, 256> histogram_;
  uint32_t episodes_[kBands], last_[kBands];
};

}  // namespace avocet::auto_detect
