#include "src/env/time_zone.h"

#include <absl/time/time.h>

#include <utility>

namespace avocet {

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

LocalTime TimeZone::At(int64_t time_us) const {
  const absl::CivilMinute minute = absl::ToCivilMinute(absl::FromUnixMicros(time_us), rules_->zone);
  return {.weekday = static_cast<int>(absl::GetWeekday(minute)),
          .minute = minute.hour() * 60 + minute.minute()};
}

}  // namespace avocet
