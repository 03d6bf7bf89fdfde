#include "src/env/time_zone.h"

#include <absl/time/time.h>

#include <utility>

namespace avocet {
namespace {

// Years have four digits, which may stand next to those of the month, and seconds a fraction.
std::string AbseilFormat(std::string_view pattern) {
  std::string format;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (rest.starts_with("%%")) {
      format += "%%";
      ++i;
    } else if (rest.starts_with("%Y")) {
      format += "%E4Y";
      ++i;
    } else if (rest.starts_with("%T")) {
      format += "%H:%M:%E*S";
      ++i;
    } else if (rest.starts_with("%S")) {
      format += "%E*S";
      i += rest.starts_with("%S.%f") ? 4 : 1;
    } else {
      format += pattern[i];
    }
  }
  return format;
}

}  // namespace

struct TimeZone::Rules {
  absl::TimeZone zone;
};

Result<TimeZone> TimeZone::Load(const std::string& name) {
  Rules rules;
  if (name.empty() || !absl::LoadTimeZone(name, &rules.zone)) {
    return Status::NotFound("there is no time zone \"" + name +
                            "\"; a name is such as Europe/Berlin, and the package tzdata has them");
  }
  return TimeZone(std::make_shared<const Rules>(std::move(rules)));
}

TimeZone TimeZone::Utc() {
  return TimeZone(std::make_shared<const Rules>(Rules{absl::UTCTimeZone()}));
}

LocalTime TimeZone::At(int64_t time_us) const {
  const absl::CivilMinute minute = absl::ToCivilMinute(absl::FromUnixMicros(time_us), rules_->zone);
  return {.weekday = static_cast<int>(absl::GetWeekday(minute)),
          .minute = minute.hour() * 60 + minute.minute()};
}

int64_t TimeZone::ToUtc(int64_t local_us) const {
  const absl::Time shown = absl::FromUnixMicros(local_us);
  const absl::CivilSecond second = absl::ToCivilSecond(shown, absl::UTCTimeZone());
  const absl::Duration fraction = shown - absl::FromCivil(second, absl::UTCTimeZone());
  return absl::ToUnixMicros(absl::FromCivil(second, rules_->zone) + fraction);
}

Result<TimePattern> TimePattern::Make(std::string_view pattern, TimeZone zone) {
  TimePattern made(AbseilFormat(pattern), std::move(zone));
  // What is written by it has to be read by it. Of the hours, 13 is also written "01 PM".
  for (const int year : {2009, 2021}) {
    const absl::CivilMinute known(year, 12, 23, 13, 52);
    const absl::Time time = absl::FromCivil(known, absl::UTCTimeZone());
    const std::string text = absl::FormatTime(made.format_, time, absl::UTCTimeZone());
    absl::Time read;
    std::string error;
    const bool is_read = absl::ParseTime(made.format_, text, absl::UTCTimeZone(), &read, &error);
    const absl::CivilHour hour = absl::ToCivilHour(read, absl::UTCTimeZone());
    if (!is_read || absl::CivilDay(hour) != absl::CivilDay(known)) {
      return Status::Invalid(
          "it has to give year, month and day, as in \"%d.%m.%Y %H:%M\" or \"%m/%d/%y %I:%M:%S "
          "%p\"");
    }
    if (hour.hour() != 13 && hour.hour() != 0) {
      return Status::Invalid("%I is half of an hour: %p, AM or PM, has to follow; or is it %H?");
    }
  }
  return made;
}

std::optional<int64_t> TimePattern::Read(std::string_view text) const {
  absl::Time time;
  std::string error;
  const absl::string_view whole(text.data(), text.size());
  if (!absl::ParseTime(format_, whole, zone_.rules_->zone, &time, &error)) return std::nullopt;
  // Abseil has words for times without end.
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
  return absl::ToUnixMicros(time);
}

}  // namespace avocet
