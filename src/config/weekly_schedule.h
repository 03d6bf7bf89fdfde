// WeeklySchedule: hours of the week, in some time zone.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/time_zone.h"

namespace avocet {

/// Times are microseconds since 1970 UTC.
class WeeklySchedule {
 public:
  /// "DAYS FROM-TO [ZONE]", as in "mon-fri 22:00-06:00 Europe/Berlin" or "sat,sun 00:00-24:00".
  /// Days are those on which it begins, or "daily"; an end that is not after the beginning is on
  /// the next day. Without a zone the hours are UTC. kInvalid says what is wrong.
  static Result<WeeklySchedule> Parse(std::string_view text);

  bool Contains(int64_t time_us) const;

  /// When the hours that contain `time_us` end. REQUIRES: Contains(time_us).
  int64_t EndOf(int64_t time_us) const;

  /// When hours begin next, after `time_us`.
  int64_t NextBegin(int64_t time_us) const;

 private:
  explicit WeeklySchedule(TimeZone zone) : zone_(std::move(zone)) {}

  bool BeganToday(const LocalTime& now) const;
  bool BeganYesterday(const LocalTime& now) const;
  int64_t Later(int64_t time_us, int minutes, int minute_of_day) const;

  TimeZone zone_;
  std::array<bool, 7> days_{};  // from Monday
  int from_ = 0, to_ = 0;       // minutes of the day
};

}  // namespace avocet
