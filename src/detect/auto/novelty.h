// Novelty: notices what a series has never done, whatever that is.
//
// Five views look at the same value: its level, what its past foretells, a shift of its mean, its
// change over five steps, and how long it has not changed. Each says how rare what
// it sees is, in decades. Views that cry wolf are silenced; of the others the largest rarity
// counts, against the largest in remembered history: above 1.0 the series does what it never did.
//
// One step is five minutes of a fast sensor, or one reading of a slow one. Raw bytes of a snapshot;
// zero-initialised is empty.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "src/detect/auto/ar_residual.h"
#include "src/detect/auto/level_rarity.h"
#include "src/detect/auto/standard_rarity.h"
#include "src/detect/auto/tail_rarity.h"
#include "src/detect/auto/view_gate.h"

namespace avocet::auto_detect {

enum View : uint8_t { kLevelView, kForecast, kShift, kChange, kFlat };
inline constexpr size_t kNumViews = 5;
std::string_view ViewName(size_t view);

class Novelty {
 public:
  struct Result {
    float record = 0;    ///< rarity in units of the largest one in remembered history
    float rarity = 0;    ///< of the views that may speak, in decades
    float severity = 0;  ///< of all views, smoothed, in decades: for ranking
    std::array<float, kNumViews> views{};  ///< rarity by view, 0 when silenced
  };

  Result Update(double x);

  uint32_t steps() const { return steps_; }
  double min() const { return level_.min(); }
  double max() const { return level_.max(); }
  float severity() const { return severity_; }
  /// Whether `view` was silenced for speaking too often.
  bool IsMuted(size_t view) const { return view != kLevelView && !gates_[view - 1].IsOpen(steps_); }

  bool IsPlausible() const;

 private:
  std::array<float, kNumViews> Look(double x);

  uint32_t steps_;
  float record_;  // largest rarity, slowly forgotten
  float severity_;
  float surprise_;                    // smoothed size of the forecast's errors
  double lags_[LagDifference::kLag];  // newest first
  ArResidual forecast_;
  ViewGate gates_[kNumViews - 1];
  FlatRun flat_;
  TailRarity surprises_;
  LevelRarity level_;
  LevelShift shift_;
  LagDifference change_;
};

}  // namespace avocet::auto_detect
