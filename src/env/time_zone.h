// Clocks on walls all over the world, by the system's time zone data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/status.h"

namespace avocet {

struct LocalTime {
  int weekday = 0;  ///< 0: Monday
  int minute = 0;   ///< of the day
};

/// Copied freely; any thread.
class TimeZone {
 public:
  /// "UTC", "Europe/Berlin" and so on. kNotFound when the system has no such zone.
  static Result<TimeZone> Load(const std::string& name);
  static TimeZone Utc();

  LocalTime At(int64_t time_us) const;
  /// The time at which clocks show `local_us`, microseconds since they showed 1970. An hour that is
  /// there twice is taken for the first of the two; one that is left out is counted on from before.
  int64_t ToUtc(int64_t local_us) const;

 private:
  friend class TimePattern;
  struct Rules;
  explicit TimeZone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  std::shared_ptr<const Rules> rules_;
};

/// How a time is written, in the letters of strptime: "%d.%m.%Y %H:%M:%S". Seconds may have a
/// fraction; month and day names are English. Copied freely; any thread.
class TimePattern {
 public:
  /// `zone` is that of times without %z. kInvalid for a pattern that does not tell the day, or only
  /// half of the hour.
  static Result<TimePattern> Make(std::string_view pattern, TimeZone zone);

  /// Microseconds since 1970; nothing when all of `text` is not so written, or no such day exists.
  std::optional<int64_t> Read(std::string_view text) const;

 private:
  TimePattern(std::string format, TimeZone zone)
      : format_(std::move(format)), zone_(std::move(zone)) {}

  std::string format_;  // as Abseil has it
  TimeZone zone_;
};

}  // namespace avocet
