// MuteSchedule: the hours of the week at which a mute is in force.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/time_zone.h"

namespace avocet {

class MuteSchedule {
 public:
  /// "DAYS FROM-TO [ZONE]", as in "mon-fri 22:00-06:00 Europe/Berlin" or "sat,sun 00:00-24:00".
  /// Days are those on which it begins, or "daily"; an end that is not after the beginning is on
  /// the next day. Without a zone the hours are UTC. kInvalid says what is wrong.
  static Result<MuteSchedule> Parse(std::string_view text);

  bool Contains(int64_t time_us) const;

 private:
  explicit MuteSchedule(TimeZone zone) : zone_(std::move(zone)) {}

  TimeZone zone_;
  std::array<bool, 7> days_{};  // from Monday
  int from_ = 0, to_ = 0;       // minutes of the day
};

}  // namespace avocet
