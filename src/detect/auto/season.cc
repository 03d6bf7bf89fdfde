#include "src/detect/auto/season.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"

namespace avocet::auto_detect {
namespace {

constexpr double kDayRate = 0.25;
constexpr double kFirstSpreadRate = 0.2;
constexpr double kSpreadRate = 0.02;
constexpr uint8_t kMostHalvings = 2;  // two hours
constexpr double kSmall = 3;          // deviations between two means that a line may well join,
constexpr double kStep = 12;          // and those of a step at least
constexpr double kSteeper = 3;        // than what is before and after it: a step, not a course
constexpr int kWeekend = 4;           // days: a weekend is not longer
constexpr double kOdd = 3;            // spreads from what is known, or that share of the
constexpr double kOddShare = 0.25;    // difference between the two kinds of day,
constexpr double kOddEdge = 0.25;     // or of that between the half-hours before and after
constexpr double kOtherRate = 0.5;  // at which the other kind of day is learned: claims are coarse
constexpr uint8_t kOwnEdge = 4;     // what an edge of its own weighs, in edges of the fleet
constexpr uint8_t kMostOdd = 48;    // half-hours of neither kind, more than of one: other weeks

}  // namespace

Season::Place Season::PlaceOf(int64_t time_us) const {
  static_assert(kMostHalvings == 2);
  constexpr double kPerWidth[] = {1.0 / kNarrowestUs, 0.5 / kNarrowestUs, 0.25 / kNarrowestUs};
  const int64_t in_day = InDay(time_us);
  const int64_t bucket = (in_day / kNarrowestUs) >> halvings_;
  const int64_t in_bucket = in_day - bucket * (kNarrowestUs << halvings_);
  const double from_middle = static_cast<double>(in_bucket) * kPerWidth[halvings_] - 0.5;
  return {time_us, static_cast<int>(bucket), from_middle < 0 ? -1 : 1, std::abs(from_middle)};
}

// `steps` may be negative.
int Season::After(int bucket, int steps) const {
  const int at = bucket + steps;
  return at < 0 ? at + size() : at >= size() ? at - size() : at;
}

int Season::DayOf(int64_t time_us) {
  const int64_t day = FloorDivide(time_us, kMicrosPerDay);
  return static_cast<int>(day - FloorDivide(day, WeekKinds::kDays) * WeekKinds::kDays);
}

bool Season::Expect(const Place& place, double x, double deviation, bool alone,
                    Usual* usual) const {
  if (!IsKnown(place)) return false;
  if (claims_.empty()) {
    const auto mean = [&](int steps) { return MeanOf(After(place.bucket, steps * place.side)); };
    const Joint joint = alone ? JointAt(place, deviation, mean) : Joint::kLine;
    usual->value = usual->claimed = origin_ + Nearest(place, joint, x - origin_, mean);
    usual->at_step = joint != Joint::kLine;
    return true;
  }
  const bool weekly = alone && KnowsWeek();
  const int today = DayOf(place.time_us);
  const auto known = [&](int steps) {
    const int at = place.bucket + steps * place.side;
    const int day = at < 0 ? today + WeekKinds::kDays - 1 : at >= size() ? today + 1 : today;
    return KnownOf(day % WeekKinds::kDays, After(place.bucket, steps * place.side), weekly);
  };
  const auto value = [&](int steps) { return known(steps).value; };
  const auto claimed = [&](int steps) { return known(steps).claimed; };
  const Joint joint = alone ? JointAt(place, deviation, value) : Joint::kLine;
  usual->value = origin_ + Nearest(place, joint, x - origin_, value);
  usual->at_step = joint != Joint::kLine;
  const Joint of_claims = weekly ? JointAt(place, deviation, claimed) : joint;
  usual->claimed = origin_ + Nearest(place, of_claims, x - origin_, claimed);
  return true;
}

bool Season::IsSwitchedAt(int64_t time_us, double deviation) const {
  const Place place = PlaceOf(time_us);
  if (!IsKnown(place)) return false;
  const auto mean = [&](int steps) { return MeanOf(After(place.bucket, steps * place.side)); };
  return JointAt(place, deviation, mean) != Joint::kLine;
}

void Season::NoteEdge(int64_t time_us, double deviation, bool is_apart) {
  if (HasOwnEdges() || (!is_apart && own_edges_ == 0)) return;
  if (!IsSwitchedAt(time_us, deviation)) return;
  if (!is_apart) {
    --own_edges_;
  } else if (own_edges_ < kMostEdges - kOwnEdge) {
    own_edges_ += kOwnEdge;
  } else {
    *this = {};
    own_edges_ = kMostEdges;
  }
}

Season::Known Season::KnownOf(int day, int bucket, bool weekly) const {
  const double mean = MeanOf(bucket);
  const double other = mean + claims_.Get(static_cast<size_t>(bucket));
  if (!weekly) return {mean, other};
  const int part = PartOf(bucket);
  switch (kinds_.Get(day, part)) {
    case WeekKinds::kUsual: {
      const int before = (day + WeekKinds::kDays - 1) % WeekKinds::kDays;
      const bool lasts = kinds_.Get(before, part) == WeekKinds::kPerhapsOther;
      return {mean, lasts || BordersOther(day, bucket) ? other : mean};
    }
    case WeekKinds::kPerhapsOther:
      return {mean, other};
    case WeekKinds::kPerhapsUsual:
      return {other, mean};
    case WeekKinds::kOther:
      break;
  }
  return {other, other};
}

// Whether a neighbour is in a part of the week that is of the other kind: the edge is here or
// there.
bool Season::BordersOther(int day, int bucket) const {
  for (const int steps : {-1, 1}) {
    const int near = After(bucket, steps);
    const int days = bucket + steps < 0 ? WeekKinds::kDays - 1 : bucket + steps >= size() ? 1 : 0;
    if (kinds_.Get((day + days) % WeekKinds::kDays, PartOf(near)) == WeekKinds::kOther) return true;
  }
  return false;
}

// `x` relative to the origin.
template <typename ValueAt>
double Season::Nearest(const Place& place, Joint joint, double x, const ValueAt& value_at) {
  const double here = value_at(0), there = value_at(1);
  if (joint == Joint::kLine) return here + place.share * (there - here);
  const double other = joint == Joint::kStep ? here : value_at(-1);
  return std::clamp(x, std::min(other, there), std::max(other, there));
}

// `value_at`: of the bucket that is so many steps away, towards the nearer neighbour.
template <typename ValueAt>
Season::Joint Season::JointAt(const Place& place, double deviation, const ValueAt& value_at) const {
  if (std::abs(value_at(1) - value_at(0)) <= kSmall * deviation) return Joint::kLine;
  const auto seen = [&](int steps) { return IsSeen(After(place.bucket, steps * place.side)); };
  if (!seen(-2) || !seen(-1) || !seen(2) || !seen(3)) return Joint::kLine;
  const auto is_step = [&](int from, int to) {
    const double rise = value_at(to) - value_at(from);
    if (std::abs(rise) < kStep * deviation) return false;
    const auto change = [&](int before) {  // positive in the direction of the step
      return (value_at(before + 1) - value_at(before)) * (rise < 0 ? -1 : 1);
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

void Season::Learn(Place place, double x, float period_s, bool doubtful, bool alone) {
  if (day_of_week_ == 0) {
    origin_ = x;
    constexpr float kHalfHour = 1800;
    while (halvings_ < kMostHalvings &&
           period_s > 1.2F * kHalfHour * static_cast<float>(1 << halvings_)) {
      ++halvings_;
    }
    place = PlaceOf(place.time_us);
    bucket_ = static_cast<uint8_t>(place.bucket);
    day_of_week_ = static_cast<uint8_t>(DayOf(place.time_us) + 1);
  }
  const int bucket = place.bucket;
  if (bucket != bucket_) {
    CloseBucket(alone);
    if (bucket < bucket_ && days_ != UINT8_MAX) ++days_;
    const int day = DayOf(place.time_us);
    if (day != day_of_week_ - 1 || PartOf(bucket) != PartOf(bucket_)) {
      kinds_.Learn(day_of_week_ - 1, PartOf(bucket_), seen_);
      seen_ = 0;
    }
    bucket_ = static_cast<uint8_t>(bucket);
    day_of_week_ = static_cast<uint8_t>(day + 1);
  }
  sum_ += x;
  ++count_;
  if (doubtful) ++doubtful_;
}

void Season::CloseBucket(bool alone) {
  if (count_ == 0) return;
  constexpr double kFar = 1e30;
  const double mean = std::clamp(sum_ / static_cast<double>(count_) - origin_, -kFar, kFar);
  const bool mostly_doubtful = doubtful_ > count_ / 2;
  const bool doubtful = doubtful_ > 0;
  sum_ = 0;
  count_ = doubtful_ = 0;
  if (!IsSeen(bucket_)) {
    if (!mostly_doubtful) means_[bucket_].Set(static_cast<float>(mean));
  } else if (alone && KnowsWeek()) {
    LearnWeek(mean, doubtful);
  } else {
    LearnDay(mean, doubtful, alone);
  }
}

// In the first week no day comes a second time.
void Season::LearnDay(double mean, bool doubtful, bool alone) {
  ShortFloat& known = means_[bucket_];
  const double claim = claims_.Get(bucket_);
  const double change = mean - MeanOf(bucket_);
  claims_.Set(bucket_, 0);
  const double unlike = std::abs(change - claim);
  const double odd = kOdd * static_cast<double>(spread_);
  if (unlike < std::abs(change) && unlike < odd + kOddShare * std::abs(claim)) {
    known.Set(known.Get() + static_cast<float>(claim));  // two days alike
    seen_ |= WeekKinds::kSeenHabit;
    LearnMean(mean);
  } else {
    if (!doubtful) LearnMean(mean);
    // Peers would be away, too, if it were the weather.
    const bool may_be_habit = doubtful || !alone;
    if (may_be_habit && std::abs(change) > odd) {
      claims_.Set(bucket_, mean - MeanOf(bucket_));
      if (alone) seen_ |= WeekKinds::kSeenFirst;
    }
  }
}

void Season::LearnWeek(double mean, bool doubtful) {
  ShortFloat& known = means_[bucket_];
  const int part = PartOf(bucket_);
  const double claim = claims_.Get(bucket_);
  const double change = mean - MeanOf(bucket_);
  // Where the series is switched a minute more or less makes a difference.
  const int before = After(bucket_, -1), after = After(bucket_, 1);
  const bool has_edge = IsSeen(before) && IsSeen(after);
  const double edge = has_edge ? MeanOf(after) - MeanOf(before) : 0;
  const double least = std::max(kOdd * static_cast<double>(spread_), kOddEdge * std::abs(edge));
  const bool differs = std::abs(claim) > least;
  const bool is_other = differs ? std::abs(change - claim) < std::abs(change) : IsOtherSoFar(part);
  const double rest = is_other ? change - claim : change;
  const double most = std::max(least, kOddShare * std::abs(claim));
  // What days of the other kind are like at this time may not be known yet.
  const bool is_unknown = !differs && kinds_.Get(day_of_week_ - 1, part) == WeekKinds::kOther;
  if (doubtful && std::abs(rest) > most && !(is_unknown && claims_.Fits(change))) {
    LearnOdd(change);
    return;
  }
  if (odd_ > 0) --odd_;
  if (differs) seen_ |= is_other ? WeekKinds::kSeenOther : WeekKinds::kSeenUsual;
  if (is_other && !doubtful && LastsFor(kWeekend)) {
    known.Set(known.Get() + static_cast<float>(claim));
    claims_.Set(bucket_, 0);
    seen_ |= WeekKinds::kSeenHabit;
    LearnMean(mean);
  } else if (is_other) {
    claims_.Set(bucket_, differs ? claim + kOtherRate * std::clamp(rest, -most, most) : change);
  } else if (!doubtful) {
    LearnMean(mean);
    const auto is_unused = [&](int bucket) { return kinds_.AreUsual(PartOf(bucket)); };
    if (is_unused(before) && is_unused(bucket_) && is_unused(after)) claims_.Set(bucket_, 0);
  }
}

// Whether the open part of a day is like one of the other kind, or has to be so.
bool Season::IsOtherSoFar(int part) const {
  if ((seen_ & WeekKinds::kSeenUsual) != 0) return false;
  const int day = day_of_week_ - 1;
  return seen_ != 0 || kinds_.Get(day, part) == WeekKinds::kOther || BordersOther(day, bucket_);
}

// Whether the claims of so many days before are those of a new habit rather than of a weekend.
bool Season::LastsFor(int days) const {
  const int part = PartOf(bucket_);
  if (kinds_.HasOther(part)) return false;
  for (int before = 1; before <= days; ++before) {
    const int day = (day_of_week_ - 1 + WeekKinds::kDays - before) % WeekKinds::kDays;
    if (kinds_.Get(day, part) != WeekKinds::kPerhapsOther) return false;
  }
  return true;
}

// What days of the other kind are like is not given up for the fault of a day; for what lasts,
// though, it is.
void Season::LearnOdd(double change) {
  if (kinds_.HasOther(PartOf(bucket_))) {
    if (++odd_ <= kMostOdd) return;
    kinds_ = {};
    claims_.Clear();
    odd_ = seen_ = 0;
  } else if (!kinds_.HasOther() || claims_.Fits(change)) {
    claims_.Set(bucket_, change);
    seen_ |= WeekKinds::kSeenFirst;
  }
}

void Season::LearnMean(double mean) {
  const double known = MeanOf(bucket_);
  const double spread = static_cast<double>(spread_);
  const double change = mean - known;
  const double learned = spread > 0 ? std::clamp(change, -3 * spread, 3 * spread) : change;
  means_[bucket_].Set(static_cast<float>(known + std::max(kDayRate, 1.0 / (days_ + 1)) * learned));
  const double size = std::abs(change) * 1.25;
  const double rate = days_ < 2 ? kFirstSpreadRate : kSpreadRate;
  spread_ = static_cast<float>(spread > 0 ? spread + rate * (std::min(size, 5 * spread) - spread)
                                          : std::abs(change));
}

void Season::Adopt(int64_t time_us, double by) {
  const int bucket = PlaceOf(time_us).bucket;
  if (KnowsWeek()) {
    const Known known = KnownOf(DayOf(time_us), bucket, true);
    if (std::abs(known.claimed - known.value - by) < std::abs(by) / 2) return;
  }
  origin_ += by;
  sum_ = 0;
  count_ = doubtful_ = 0;
  if (kinds_.HasOther()) return;  // days of both kinds have moved
  kinds_ = {};
  claims_.Clear();
}

bool Season::IsPlausible() const {
  return halvings_ <= kMostHalvings && own_edges_ <= kMostEdges && bucket_ < size() &&
         day_of_week_ <= WeekKinds::kDays && std::abs(origin_) < 1e60 && std::abs(sum_) < 1e70 &&
         spread_ >= 0 && spread_ <= 1e31F &&
         std::all_of(means_, std::end(means_),
                     [](ShortFloat mean) { return std::abs(mean.Get()) <= 1e31F; });
}

}  // namespace avocet::auto_detect
