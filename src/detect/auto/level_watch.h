// LevelWatch: whether a residual stays away from zero.
//
// The exponentially weighted mean of the residual, in units of its own usual size. It fires beyond
// a floor, or somewhat beyond the furthest that it ever went: an excursion is history only once it
// is over, so that a slow drift does not raise its own limit. Raw bytes of a snapshot;
// zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "src/detect/auto/rate_after.h"
#include "src/detect/auto/spread.h"

namespace avocet::auto_detect {

struct LevelRule {
  float rate;     ///< weight of the newest residual; 1: no smoothing
  float slowest;  ///< rate at which the usual size is learned in the end
  uint32_t judges_after;
  float floor;                       ///< deviations from which on a level may fire
  float record_factor;               ///< of the furthest excursion remembered
  float memory;                      ///< that the furthest keeps with each residual
  float growth = 1.1F;               ///< what one excursion may add to the furthest
  bool keeps_faults = false;         ///< whether one that is part of an anomaly is remembered, too
  uint32_t huge_after = UINT32_MAX;  ///< from when on what is huge fires already
};

class LevelWatch {
 public:
  /// The level in units of its limit; 0 while not known. `learns` false: what is usual stays as it
  /// is. `least`: the usual size that it has at least.
  float Update(float residual, const LevelRule& rule, bool learns, float least = 0) {
    level_ += RateAfter(spread_.count(), rule.rate) * (residual - level_);
    const float deviation = std::max(spread_.deviation(), least);
    const bool judges = spread_.count() >= rule.judges_after;
    const float distance = deviation > 0 ? std::min(std::abs(level_) / deviation, kFurthest) : 0;
    if (!judges) return Begin(distance, rule);
    const float limit = std::max(rule.floor, rule.record_factor * furthest_);
    Remember(distance, limit, rule, learns || rule.keeps_faults);
    if (learns) spread_.Update(level_, rule.slowest, distance > kCalmShare * rule.floor);
    return distance / limit;
  }

  float level() const { return level_; }
  float deviation() const { return spread_.deviation(); }
  /// Whether the level is further out than it usually is, fire or not.
  bool is_away() const { return peak_ > 0; }

  /// The last residual was ordinary: what a large excursion has left of itself in the mean is no
  /// level.
  void ComeBack(const LevelRule& rule, float least) {
    const float most = kLeft * rule.floor * std::max(spread_.deviation(), least);
    level_ = std::clamp(level_, -most, most);
  }

  /// The level has become ordinary.
  void Adopt() { level_ = peak_ = 0; }

  bool IsPlausible() const {
    const auto fits = [](float x) { return x >= 0 && x <= kFurthest; };
    return std::abs(level_) < 1e31F && spread_.IsPlausible() && fits(furthest_) && fits(peak_);
  }

 private:
  static constexpr float kFurthest = 1e6F;
  static constexpr float kCalmShare = 0.5F;  // of the floor: an excursion begins and ends there
  static constexpr float kLeft = 2;          // floors: of an excursion that is over, at most

  // While the usual size is a guess: the less is known, the more is needed.
  float Begin(float distance, const LevelRule& rule) {
    const uint32_t known = spread_.count();
    const float share = static_cast<float>(known) / static_cast<float>(rule.judges_after);
    const float score = known >= rule.huge_after ? distance * share / rule.floor : 0;
    const bool is_huge = score > 1;
    if (!is_huge && known >= rule.judges_after / 2) furthest_ = std::max(furthest_, distance);
    spread_.Update(level_, rule.slowest, is_huge);
    return score;
  }

  void Remember(float distance, float limit, const LevelRule& rule, bool keeps) {
    furthest_ *= rule.memory;
    if (distance > kCalmShare * rule.floor) {
      peak_ = std::max(peak_, distance);
      return;
    }
    if (keeps) {
      furthest_ = std::max(
          {furthest_, distance, std::min(peak_, rule.growth * limit / rule.record_factor)});
    }
    peak_ = 0;
  }

  float level_;
  Spread spread_;
  float furthest_;  // of the excursions that are over, slowly forgotten
  float peak_;      // of the one that lasts
};

}  // namespace avocet::auto_detect
