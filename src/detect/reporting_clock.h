// ReportingClock: when one device is expected to report again.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace avocet {

inline constexpr int64_t kNever = INT64_MAX;

/// a + b and a - b that stop at the ends of int64_t.
inline int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}
inline int64_t SaturatingSubtract(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? INT64_MAX : INT64_MIN;
}

/// How long a device may be silent.
struct Silence {
  double periods = 6;
  int64_t fixed_period_us = 0;  ///< 0: learned
};

/// The all-zero object is a device that has not reported. One cache line, raw bytes of a snapshot.
class ReportingClock {
 public:
  static constexpr uint8_t kSpacings = 9;     ///< the period is their median
  static constexpr uint8_t kMinSpacings = 5;  ///< before that the period is not known

  int64_t last_us() const { return last_us_; }

  /// Event time at which the silence after the last reading is too long. REQUIRES: IsOverdue.
  int64_t deadline_us() const { return deadline_us_; }

  /// The earliest fleet time at which that is known without another reading; kNever: the period is
  /// not known, or the silence was raised.
  int64_t fleet_deadline_us() const { return armed_ == 0 ? kNever : fleet_deadline_us_; }

  bool IsOverdue(int64_t fleet_time_us) const {
    return armed_ != 0 && fleet_deadline_us_ <= fleet_time_us;
  }
  /// The same when the device's own next reading is seen.
  bool IsOverdue(int64_t fleet_time_us, int64_t next_time_us) const {
    return armed_ != 0 && (fleet_deadline_us_ <= fleet_time_us || deadline_us_ <= next_time_us);
  }

  /// The silence was raised: nothing is due until the next reading.
  void Disarm() { armed_ = 0; }

  /// A reading that is not late. `fleet_time_us`: newest event time of the fleet before it.
  void Report(int64_t time_us, int64_t fleet_time_us, const Silence& silence) {
    if (seen_ != 0) AddSpacing(SaturatingSubtract(time_us, last_us_));
    seen_ = 1;
    last_us_ = time_us;
    const double period = silence.fixed_period_us != 0
                              ? static_cast<double>(silence.fixed_period_us)
                              : LearnedPeriod();
    const auto allowed = static_cast<int64_t>(std::min(period * silence.periods, kLongestUs));
    const bool behind = SaturatingSubtract(fleet_time_us, time_us) > static_cast<int64_t>(period);
    deadline_us_ = SaturatingAdd(time_us, allowed);
    fleet_deadline_us_ = behind ? SaturatingAdd(fleet_time_us, allowed) : deadline_us_;
    armed_ = period > 0 && deadline_us_ != kNever ? 1 : 0;
  }

  /// False for bytes that cannot be a clock.
  bool IsPlausible() const {
    if (num_spacings_ > kSpacings || next_ >= kSpacings || seen_ > 1 || armed_ > 1) return false;
    return std::all_of(spacings_us_, spacings_us_ + kSpacings,
                       [](float spacing) { return spacing >= 0 && std::isfinite(spacing); });
  }

 private:
  static constexpr double kLongestUs = 4e18;

  void AddSpacing(int64_t spacing_us) {
    if (spacing_us <= 0) return;
    spacings_us_[next_] = static_cast<float>(spacing_us);
    next_ = next_ + 1 == kSpacings ? uint8_t{0} : static_cast<uint8_t>(next_ + 1);
    if (num_spacings_ < kSpacings) ++num_spacings_;
  }

  // 0 while not known. Of an even number of spacings the upper of the two middle ones: patience
  // costs less than a false alarm.
  double LearnedPeriod() const {
    if (num_spacings_ < kMinSpacings) return 0;
    float sorted[kSpacings];
    std::copy_n(spacings_us_, num_spacings_, sorted);
    float* middle = sorted + num_spacings_ / 2;
    std::nth_element(sorted, middle, sorted + num_spacings_);
    return static_cast<double>(*middle);
  }

  int64_t last_us_ = 0;
  int64_t deadline_us_ = 0;
  int64_t fleet_deadline_us_ = 0;
  float spacings_us_[kSpacings] = {};  // a ring
  uint8_t num_spacings_ = 0;
  uint8_t next_ = 0;
  uint8_t seen_ = 0;
  uint8_t armed_ = 0;
};
static_assert(sizeof(ReportingClock) == 64);

}  // namespace avocet
