#include "src/base/spoken_time.h"

#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

constexpr int64_t kMicrosPerMilli = 1'000;

// Far from the ends of int64_t there is room to round.
int64_t ToNearest(int64_t micros, int64_t unit) {
  if (micros > INT64_MAX - unit || micros < INT64_MIN + unit) return micros;
  return FloorDivide(micros + unit / 2, unit) * unit;
}

}  // namespace

std::string SpokenTime(int64_t micros_utc) {
  return FormatTimestamp(ToNearest(micros_utc, kMicrosPerSecond));
}

std::string SpokenDuration(int64_t micros) {
  int64_t unit = 1;
  if (micros >= kMicrosPerDay) {
    unit = kMicrosPerHour;
  } else if (micros >= kMicrosPerHour) {
    unit = kMicrosPerMinute;
  } else if (micros >= 10 * kMicrosPerSecond) {
    unit = kMicrosPerSecond;
  } else if (micros >= kMicrosPerMilli) {
    unit = kMicrosPerMilli;
  }
  return FormatDuration(ToNearest(micros, unit));
}

}  // namespace avocet
