#include "src/detect/auto/season.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "src/base/civil_time.h"

namespace avocet::auto_detect {
namespace {

constexpr double kDayRate = 0.25;
constexpr uint8_t kMostHalvings = 2;  // two hours

}  // namespace

Season::Place Season::PlaceOf(int64_t time_us) const {
  const int64_t in_day = InDay(time_us);
  const int64_t width = kNarrowestUs << halvings_;
  const auto bucket = static_cast<int>((in_day / kNarrowestUs) >> halvings_);
  return {bucket, static_cast<double>(in_day - bucket * width) / static_cast<double>(width)};
}

bool Season::Expect(int64_t time_us, Usual* usual) const {
  if (days_ == 0) return false;
  const Place place = PlaceOf(time_us);
  // Between the middle of this bucket and that of the nearer neighbour.
  const int side = place.within < 0.5 ? -1 : 1;
  int near = place.bucket + side;
  if (near < 0) near += size();
  if (near == size()) near = 0;
  if (!IsSeen(place.bucket) || !IsSeen(near)) return false;
  const double share = std::abs(place.within - 0.5);
  const auto between = [share](double here, double there) { return here + share * (there - here); };
  usual->value = origin_ + between(static_cast<double>(means_[place.bucket].Get()),
                                   static_cast<double>(means_[near].Get()));
  usual->claimed = usual->value + between(claims_.Get(place.bucket), claims_.Get(near));
  return true;
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
