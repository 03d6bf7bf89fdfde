// Hours of event time, UTC.
#pragma once

#include <cstdint>

namespace avocet {

inline constexpr int64_t kHourUs = int64_t{3600} * 1'000'000;

/// Start of the hour that holds `time_us`.
inline int64_t HourOf(int64_t time_us) {
  int64_t hour = time_us / kHourUs;
  if (time_us % kHourUs < 0) --hour;
  return hour * kHourUs;
}

}  // namespace avocet
