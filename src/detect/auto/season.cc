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

bool Season::Expect(int64_t time_us, Usual* usual) const {
  if (days_ == 0) return false;
  const Place place = PlaceOf(time_us);
  // Between the middle of this bucket and that of the nearer neighbour.
  const int side = place.within < 0.5 ? -1 : 1;
  const int near = (place.bucket + side + size()) % size();
  if (!IsSeen(place.bucket) || !IsSeen(near)) return false;
  const double share = std::abs(place.within - 0.5);
  const auto between = [share](double here, double there) { return here + share * (there - here); };
  usual->value = origin_ + between(static_cast<double>(means_[place.bucket]),
                                   static_cast<double>(means_[near]));
  usual->claimed = usual->value + between(ClaimOf(place.bucket), ClaimOf(near));
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
    if (bucket < bucket_ && days_ != UINT16_MAX) ++days_;
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
  float& known = means_[bucket_];
  if (!IsSeen(bucket_)) {
    if (mostly_doubtful) return;
    known = static_cast<float>(mean);
    seen_[bucket_ / 32] |= 1U << (bucket_ % 32);
    return;
  }
  const double claim = ClaimOf(bucket_);
  const double change = mean - static_cast<double>(known);
  claims_[bucket_] = 0;
  if (std::abs(change - claim) < std::abs(change)) {
    known += static_cast<float>(claim);  // two days alike
    LearnMean(mean);
  } else if (!doubtful) {
    LearnMean(mean);
  } else if (std::abs(change) > 3 * static_cast<double>(spread_)) {
    SetClaim(change);
  }
}

void Season::LearnMean(double mean) {
  float& known = means_[bucket_];
  const double spread = static_cast<double>(spread_);
  double change = mean - static_cast<double>(known);
  if (spread > 0) change = std::clamp(change, -3 * spread, 3 * spread);
  known += static_cast<float>(std::max(kDayRate, 1.0 / (days_ + 1)) * change);
  const double rest = std::abs(mean - static_cast<double>(known)) * 1.25;
  spread_ = static_cast<float>(spread > 0 ? spread + 0.02 * (std::min(rest, 5 * spread) - spread)
                                          : std::abs(change));
}

void Season::SetClaim(double claim) {
  constexpr double kSteps = 127;
  const bool others =
      std::any_of(claims_, std::end(claims_), [](int8_t other) { return other != 0; });
  const auto unit = static_cast<float>(std::abs(claim) / kSteps);
  if (!(unit > 0)) return;
  if (!others) claim_unit_ = unit;
  if (unit > claim_unit_) {
    const float ratio = claim_unit_ / unit;
    for (int8_t& other : claims_) {
      other = static_cast<int8_t>(std::lround(static_cast<float>(other) * ratio));
    }
    claim_unit_ = unit;
  }
  claims_[bucket_] = static_cast<int8_t>(
      std::lround(std::clamp(claim / static_cast<double>(claim_unit_), -kSteps, kSteps)));
}

void Season::Shift(double by) {
  origin_ += by;
  std::fill(claims_, std::end(claims_), int8_t{0});
  sum_ = 0;
  count_ = doubtful_ = 0;
}

bool Season::IsPlausible() const {
  return halvings_ <= kMostHalvings && bucket_ < size() && std::abs(origin_) < 1e60 &&
         std::abs(sum_) < 1e70 && spread_ >= 0 && spread_ <= 1e31F && claim_unit_ >= 0 &&
         claim_unit_ <= 1e30F &&
         std::all_of(means_, std::end(means_), [](float mean) { return std::abs(mean) <= 1e31F; });
}

}  // namespace avocet::auto_detect
