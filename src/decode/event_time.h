// Event times: ISO 8601 and epoch numbers to microseconds since 1970 UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "src/config/config.h"
#include "src/env/time_zone.h"

namespace avocet {

/// "2021-06-15T18:28:26.123456789+02:00": the time of day, its seconds, up to nine fractional
/// digits (cut to microseconds) and the offset are optional; no offset means UTC; a space may stand
/// for the T. Empty for what is not in the calendar, for 24:00 and for second 60.
std::optional<int64_t> ParseIso8601(std::string_view text);

/// A decimal number of seconds to nanoseconds since 1970, cut to microseconds. kAuto tells the unit
/// by magnitude: seconds < 1e11 <= ms < 1e14 <= us < 1e17 <= ns. Empty for text that is no decimal
/// number and for times that do not fit. REQUIRES: `format` is not kIso8601.
std::optional<int64_t> ParseEpoch(std::string_view number, TimeFormat format);

/// Reads event times as a schema says. Copied freely; any thread.
class EventTimeReader {
 public:
  EventTimeReader() = default;  ///< ISO 8601 and epoch numbers, in UTC
  /// REQUIRES: a time zone and a pattern that the configuration's check lets pass.
  explicit EventTimeReader(const SchemaConfig& schema);

  /// The time that a record's string or number `text` stands for, without surrounding blanks.
  std::optional<int64_t> Read(std::string_view text) const;
  /// False for the numbers of JSON when times are ISO 8601.
  bool reads_numbers() const { return format_ != TimeFormat::kIso8601; }

 private:
  std::optional<int64_t> ReadIso8601(std::string_view text) const;

  TimeFormat format_ = TimeFormat::kAuto;
  std::optional<TimePattern> pattern_;
  std::optional<TimeZone> zone_;  // nothing: UTC
};

/// True when `text` is a decimal number, and so an epoch rather than an ISO 8601 time.
bool IsDecimalText(std::string_view text);

}  // namespace avocet
