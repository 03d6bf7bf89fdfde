// OutlierLimit: how large a standardised quantity may be before it is out of the ordinary for its
// series, on one side.
//
// The limit is a floor, a multiple of the value at which the tail of the quantity begins, where a
// tail of exponential shape ends, or somewhat more than the largest value in remembered history,
// whichever is highest: what happens every day is ordinary, however heavy the tail. A value above
// the limit teaches a little only: the second fault of a kind must still be seen.
#pragma once

#include <algorithm>
#include <cstdint>

namespace avocet::auto_detect {

struct OutlierRule {
  float floor = 6;
  float one_in = 1000;            ///< the tail is what one in so many values exceeds
  float beginning_factor = 3.2F;  ///< of the value at which the tail begins
  float tail_length = 12;         ///< in mean excesses of the tail, from its beginning on
  float record_factor = 2;        ///< of the largest value remembered
  float growth = 1.8F;            ///< what a value above the limit may add to the largest one
  float memory = 0.99999F;        ///< that the largest value keeps with each value
};

class OutlierLimit {
 public:
  /// x in units of the limit, then learns x. `judges` false: whatever x is, it is ordinary.
  /// `learns` false: what is ordinary stays as it is.
  float Update(float x, const OutlierRule& rule, bool judges, bool learns) {
    const float limit =
        std::max({rule.floor, rule.beginning_factor * beginning_,
                  beginning_ + rule.tail_length * excess_, rule.record_factor * largest_});
    const float ratio = x / limit;
    if (judges && !learns) return ratio;
    LearnTail(std::min(x, limit), rule.one_in);
    const float learned =
        judges && ratio > 1 ? limit * rule.growth / rule.record_factor : std::min(x, kMost);
    largest_ = std::max(largest_ * rule.memory, std::min(x, learned));
    return judges ? ratio : 0;
  }

  /// What was as large on the other side is ordinary on this one, too.
  void LearnFrom(const OutlierLimit& other) { largest_ = std::max(largest_, other.largest_); }

  bool IsPlausible() const {
    const auto fits = [](float x) { return x >= 0 && x <= kMost; };
    return fits(beginning_) && fits(excess_) && fits(largest_);
  }

 private:
  static constexpr float kLeast = 0.5F;
  static constexpr float kMost = 1e6F;

  // Follows the quantile at which the tail begins, and the mean distance of what is beyond.
  void LearnTail(float x, float one_in) {
    constexpr float kStep = 0.3F;
    constexpr float kExcessRate = 0.05F;
    beginning_ = std::max(beginning_, kLeast);
    if (x > beginning_) {
      const float excess = x - beginning_;
      excess_ += (excess_ > 0 ? kExcessRate : 1) * (excess - excess_);
      beginning_ = std::min(beginning_ * (1 + kStep), kMost);
    } else {
      beginning_ *= 1 - kStep / one_in;
    }
  }

  float beginning_, excess_, largest_;
};

}  // namespace avocet::auto_detect
