#include "src/base/civil_time.h"

#include "src/base/floor_divide.h"

// The algorithms are those of https://howardhinnant.github.io/date_algorithms.html: years begin in
// March, so that the leap day is the last of its year, and repeat every 400 years.

namespace avocet {

namespace {

constexpr int64_t kDaysPerEra = 146'097;      // 400 years
constexpr int64_t kDaysToMarchOf0 = 719'468;  // from 0000-03-01 to 1970-01-01

}  // namespace

int64_t DaysFromMicros(int64_t micros_utc) { return FloorDivide(micros_utc, kMicrosPerDay); }

CivilDate CivilFromDays(int64_t days) {
  const int64_t shifted = days + kDaysToMarchOf0;
  const int64_t era = FloorDivide(shifted, kDaysPerEra);
  const int64_t day_of_era = shifted - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  date.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

int64_t DaysFromCivil(const CivilDate& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = FloorDivide(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysToMarchOf0;
}

}  // namespace avocet
