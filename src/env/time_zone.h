// Clocks on walls all over the world, by the system's time zone data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

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

  LocalTime At(int64_t time_us) const;

 private:
  struct Rules;
  explicit TimeZone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  std::shared_ptr<const Rules> rules_;
};

}  // namespace avocet
