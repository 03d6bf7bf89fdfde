// Event times: ISO 8601 and epoch numbers to microseconds since 1970 UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "src/config/config.h"

namespace avocet {

/// "2021-06-15T18:28:26.123456789+02:00": the time of day, its seconds, up to nine fractional
/// digits (cut to microseconds) and the offset are optional; no offset means UTC; a space may stand
/// for the T. Empty for what is not in the calendar, for 24:00 and for second 60.
std::optional<int64_t> ParseIso8601(std::string_view text);

/// A decimal number of seconds to nanoseconds since 1970, cut to microseconds. kAuto tells the unit
/// by magnitude: seconds < 1e11 <= ms < 1e14 <= us < 1e17 <= ns. Empty for text that is no decimal
/// number and for times that do not fit. REQUIRES: `format` is not kIso8601.
std::optional<int64_t> ParseEpoch(std::string_view number, TimeFormat format);

/// The time that a record's string or number `text` stands for, without surrounding blanks.
std::optional<int64_t> ParseEventTime(std::string_view text, TimeFormat format);

/// True when `text` is a decimal number, and so an epoch rather than an ISO 8601 time.
bool IsDecimalText(std::string_view text);

}  // namespace avocet
