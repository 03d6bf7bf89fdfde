// OutlierLimit: how large a standardised quantity may be before it is out of the ordinary for its
// series, on one side.
//
// The limit is a floor, a multiple of the quantity's running upper quantile, or somewhat more than
// the largest value in remembered history, whichever is highest: what happens every day is
// ordinary, however heavy the tail. A value above the limit teaches a little only: the second fault
// of a kind must still be seen. Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cstdint>

namespace avocet::auto_detect {

struct OutlierRule {
  float floor = 6;
  float quantile_factor = 3;  ///< of the quantile that one in `one_in` values exceeds
  float one_in = 1000;
  float record_factor = 1.3F;  ///< of the largest value remembered
  float growth = 1.3F;         ///< what a value above the limit may add to the largest one
  float memory = 0.99999F;     ///< that the largest value keeps with each value
};

class OutlierLimit {
 public:
  /// x in units of the limit, then learns x. `judges` false: whatever x is, it is ordinary.
  /// `learns` false: what is ordinary stays as it is.
  float Update(float x, const OutlierRule& rule, bool judges, bool learns) {
    const float limit =
        std::max({rule.floor, rule.quantile_factor * quantile_, rule.record_factor * largest_});
    const float ratio = x / limit;
    if (judges && !learns) return ratio;
    constexpr float kStep = 0.3F;
    quantile_ = std::max(quantile_, kLeast);
    quantile_ += x > quantile_ ? kStep * quantile_ : -kStep * quantile_ / rule.one_in;
    quantile_ = std::min(quantile_, kMost);
    const float learned =
        judges && ratio > 1 ? limit * rule.growth / rule.record_factor : std::min(x, kMost);
    largest_ = std::max(largest_ * rule.memory, std::min(x, learned));
    return judges ? ratio : 0;
  }

  bool IsPlausible() const {
    return quantile_ >= 0 && quantile_ <= kMost && largest_ >= 0 && largest_ <= kMost;
  }

 private:
  static constexpr float kLeast = 0.5F;
  static constexpr float kMost = 1e6F;

  float quantile_, largest_;
};

}  // namespace avocet::auto_detect
