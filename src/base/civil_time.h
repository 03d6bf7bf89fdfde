// Calendar dates and times of day, proleptic Gregorian, UTC.
#pragma once

#include <cstdint>

namespace avocet {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  ///< 1..12
  int day = 1;    ///< 1..31

  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

/// Days since 1970-01-01 of the instant `micros_utc`, rounded down, also before 1970.
int64_t DaysFromMicros(int64_t micros_utc);

/// The date that lies `days` after 1970-01-01.
CivilDate CivilFromDays(int64_t days);

/// The inverse of CivilFromDays. REQUIRES: a valid date.
int64_t DaysFromCivil(const CivilDate& date);

}  // namespace avocet
