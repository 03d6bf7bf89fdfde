// LevelWatch: whether a residual stays away from zero.
//
// The exponentially weighted mean of the residual, in units of its own usual size. Raw bytes of a
// snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cmath>

#include "src/detect/auto/outlier_limit.h"
#include "src/detect/auto/spread.h"

namespace avocet::auto_detect {

struct LevelRule {
  float rate;     ///< weight of the newest residual; 1: no smoothing
  float slowest;  ///< rate at which the usual size is learned in the end
  uint32_t judges_after;
  OutlierRule limit;
};

class LevelWatch {
 public:
  /// The level in units of its limit; 0 while not known. `learns` false: what is usual stays as it
  /// is.
  float Update(float residual, const LevelRule& rule, bool learns) {
    const float n = static_cast<float>(spread_.count()) + 1;
    level_ += std::max(rule.rate, 1 / n) * (residual - level_);
    const float deviation = spread_.deviation();
    const bool judges = spread_.count() >= rule.judges_after;
    float ratio = 0;
    // Before that the usual size is a guess, and so is how far out a value is.
    if (deviation > 0 && spread_.count() >= rule.judges_after / 2) {
      ratio = limit_.Update(std::abs(level_) / deviation, rule.limit, judges, learns);
    }
    if (learns || !judges) spread_.Update(level_, rule.slowest);
    return ratio;
  }

  float level() const { return level_; }
  float deviation() const { return spread_.deviation(); }

  /// The level has become ordinary.
  void Adopt() { level_ = 0; }

  bool IsPlausible() const {
    return std::abs(level_) < 1e31F && spread_.IsPlausible() && limit_.IsPlausible();
  }

 private:
  float level_;
  Spread spread_;
  OutlierLimit limit_;
};

}  // namespace avocet::auto_detect
