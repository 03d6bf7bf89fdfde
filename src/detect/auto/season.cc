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
  int64_t in_day = time_us % kMicrosPerDay;
  if (in_day < 0) in_day += kMicrosPerDay;
  const int64_t width = kMicrosPerDay / size();
  const auto bucket = static_cast<int>(in_day / width);
  return {bucket, static_cast<double>(in_day - bucket * width) / static_cast<double>(width)};
}

bool Season::Expect(int64_t time_us, double* expected) const {
  if (days_ == 0) return false;
  const Place place = PlaceOf(time_us);
  // Between the middle of this bucket and that of the nearer neighbour.
  const int side = place.within < 0.5 ? -1 : 1;
  const int near = (place.bucket + side + size()) % size();
  if (!IsSeen(place.bucket) || !IsSeen(near)) return false;
  const double share = std::abs(place.within - 0.5);
  const double here = static_cast<double>(means_[place.bucket]);
  const double there = static_cast<double>(means_[near]);
  *expected = origin_ + here + share * (there - here);
  return true;
}

void Season::Learn(int64_t time_us, double x, float period_s) {
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
    if (bucket < bucket_ && days_ != UINT16_MAX) ++days_;
    bucket_ = static_cast<uint8_t>(bucket);
  }
  sum_ += x;
  ++count_;
}

void Season::CloseBucket() {
  if (count_ == 0) return;
  constexpr double kFar = 1e30;
  const double mean = std::clamp(sum_ / static_cast<double>(count_) - origin_, -kFar, kFar);
  sum_ = 0;
  count_ = 0;
  float& known = means_[bucket_];
  if (!IsSeen(bucket_)) {
    known = static_cast<float>(mean);
    seen_[bucket_ / 32] |= 1U << (bucket_ % 32);
    return;
  }
  const double spread = static_cast<double>(spread_);
  double change = mean - static_cast<double>(known);
  if (spread > 0) change = std::clamp(change, -3 * spread, 3 * spread);
  known += static_cast<float>(std::max(kDayRate, 1.0 / (days_ + 1)) * change);
  const double rest = std::abs(mean - static_cast<double>(known)) * 1.25;
  spread_ = static_cast<float>(spread > 0 ? spread + 0.02 * (std::min(rest, 5 * spread) - spread)
                                          : std::abs(change));
}

void Season::Shift(double by) {
  origin_ += by;
  sum_ = 0;
  count_ = 0;
}

bool Season::IsPlausible() const {
  return halvings_ <= kMostHalvings && bucket_ < size() && std::abs(origin_) < 1e60 &&
         std::abs(sum_) < 1e70 && spread_ >= 0 && spread_ <= 1e31F &&
         std::all_of(means_, std::end(means_), [](float mean) { return std::abs(mean) <= 1e31F; });
}

}  // namespace avocet::auto_detect
