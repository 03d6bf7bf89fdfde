#include "src/detect/auto/season.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "src/base/civil_time.h"

namespace avocet::auto_detect {
namespace {

constexpr double kDayRate = 0.25;
constexpr uint8_t kMostHalvings = 2;  // two hours
constexpr double kSmall = 3;          // deviations between two means that a line may well join,
constexpr double kStep = 12;          // and those of a step at least
constexpr double kSteeper = 3;        // than what is before and after it: a step, not a course

}  // namespace

Season::Place Season::PlaceOf(int64_t time_us) const {
  const int64_t in_day = InDay(time_us);
  const int64_t width = kNarrowestUs << halvings_;
  const auto bucket = static_cast<int>((in_day / kNarrowestUs) >> halvings_);
  const double within = static_cast<double>(in_day - bucket * width) / static_cast<double>(width);
  return {bucket, within < 0.5 ? -1 : 1, std::abs(within - 0.5)};
}

// `steps` may be negative.
int Season::After(int bucket, int steps) const {
  const int at = bucket + steps;
  return at < 0 ? at + size() : at >= size() ? at - size() : at;
}

bool Season::Expect(int64_t time_us, double x, double deviation, Usual* usual) const {
  if (days_ == 0) return false;
  const Place place = PlaceOf(time_us);
  const int near = After(place.bucket, place.side);
  if (!IsSeen(place.bucket) || !IsSeen(near)) return false;
  const Joint joint = JointAt(place, deviation);
  const auto nearest = [&](const auto& mean_of) {
    const double here = mean_of(place.bucket), there = mean_of(near);
    if (joint == Joint::kLine) return here + place.share * (there - here);
    const double other = joint == Joint::kStep ? here : mean_of(After(place.bucket, -place.side));
    return std::clamp(x - origin_, std::min(other, there), std::max(other, there));
  };
  const auto mean = [this](int bucket) { return static_cast<double>(means_[bucket].Get()); };
  usual->value = usual->claimed = origin_ + nearest(mean);
  if (!claims_.empty()) {
    usual->claimed =
        origin_ + nearest([&](int bucket) { return mean(bucket) + claims_.Get(bucket); });
  }
  return true;
}

Season::Joint Season::JointAt(const Place& place, double deviation) const {
  const auto mean = [&](int steps) {
    return static_cast<double>(means_[After(place.bucket, steps * place.side)].Get());
  };
  if (std::abs(mean(1) - mean(0)) <= kSmall * deviation) return Joint::kLine;
  const auto seen = [&](int steps) { return IsSeen(After(place.bucket, steps * place.side)); };
  if (!seen(-2) || !seen(-1) || !seen(2) || !seen(3)) return Joint::kLine;
  const auto is_step = [&](int from, int to) {
    const double rise = mean(to) - mean(from);
    if (std::abs(rise) < kStep * deviation) return false;
    const auto change = [&](int before) {  // positive in the direction of the step
      return (mean(before + 1) - mean(before)) * (rise < 0 ? -1 : 1);
    };
    for (int i = from; i < to; ++i) {
      if (change(i) < 0) return false;
    }
    // A course goes on in its direction.
    const double goes_on = std::max({change(from - 1), change(to), static_cast<double>(spread_)});
    return std::abs(rise) > kSteeper * goes_on * (to - from);
  };
  // An edge within a half-hour leaves a mean between that of the one before and the one after.
  if (is_step(-1, 1)) return Joint::kStepWithin;
  return is_step(0, 1) || is_step(0, 2) ? Joint::kStep : Joint::kLine;
}

void Season::Learn(int64_t time_us, double x, float period_s, bool doubtful) {
  if (seen_[0] == 0 && seen_[1] == 0 && count_ == 0) {
    origin_ = x;
    constexpr float kHalfHour = 1800;
    while (halvings_ < kMostHalvings &&
           period_s > 1.2F * kHalfHour * static_cast<float>(1 << halvings_)) {
      ++halvings_;
    }
    bucket_ = static_cast<uint8_t>(PlaceOf(time_us).bucket);
  }
  const int bucket = PlaceOf(time_us).bucket;
  if (bucket != bucket_) {
    CloseBucket();
    if (bucket < bucket_ && days_ != UINT8_MAX) ++days_;
    bucket_ = static_cast<uint8_t>(bucket);
  }
  sum_ += x;
  ++count_;
  if (doubtful) ++doubtful_;
}

void Season::CloseBucket() {
  if (count_ == 0) return;
  constexpr double kFar = 1e30;
  const double mean = std::clamp(sum_ / static_cast<double>(count_) - origin_, -kFar, kFar);
  const bool mostly_doubtful = doubtful_ > count_ / 2;
  const bool doubtful = doubtful_ > 0;
  sum_ = 0;
  count_ = doubtful_ = 0;
  ShortFloat& known = means_[bucket_];
  if (!IsSeen(bucket_)) {
    if (mostly_doubtful) return;
    known.Set(static_cast<float>(mean));
    seen_[bucket_ / 32] |= 1U << (bucket_ % 32);
    return;
  }
  const double claim = claims_.Get(bucket_);
  const double change = mean - static_cast<double>(known.Get());
  claims_.Set(bucket_, 0);
  if (std::abs(change - claim) < std::abs(change)) {
    known.Set(known.Get() + static_cast<float>(claim));  // two days alike
    LearnMean(mean);
  } else if (!doubtful) {
    LearnMean(mean);
  } else if (std::abs(change) > 3 * static_cast<double>(spread_)) {
    claims_.Set(bucket_, change);
  }
}

void Season::LearnMean(double mean) {
  float known = means_[bucket_].Get();
  const double spread = static_cast<double>(spread_);
  double change = mean - static_cast<double>(known);
  if (spread > 0) change = std::clamp(change, -3 * spread, 3 * spread);
  known += static_cast<float>(std::max(kDayRate, 1.0 / (days_ + 1)) * change);
  means_[bucket_].Set(known);
  const double rest = std::abs(mean - static_cast<double>(known)) * 1.25;
  spread_ = static_cast<float>(spread > 0 ? spread + 0.02 * (std::min(rest, 5 * spread) - spread)
                                          : std::abs(change));
}

void Season::Shift(double by) {
  origin_ += by;
  claims_.Clear();
  sum_ = 0;
  count_ = doubtful_ = 0;
}

bool Season::IsPlausible() const {
  return halvings_ <= kMostHalvings && bucket_ < size() && std::abs(origin_) < 1e60 &&
         std::abs(sum_) < 1e70 && spread_ >= 0 && spread_ <= 1e31F &&
         std::all_of(means_, std::end(means_),
                     [](ShortFloat mean) { return std::abs(mean.Get()) <= 1e31F; });
}

}  // namespace avocet::auto_detect
