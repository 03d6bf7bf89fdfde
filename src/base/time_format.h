// Instants, durations and byte sizes as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

/// "2021-06-15T18:28:26Z"; with ".123" or ".123456" before the Z when there are milli- or
/// microseconds. Every int64_t has a text; years have at least four digits and may have a sign.
std::string FormatTimestamp(int64_t micros_utc);

/// The UTC date of an instant: "2021-06-15".
std::string FormatDate(int64_t micros_utc);

/// Microseconds of "250ms", "10s", "5m", "1h", "7d", "500us", of several, largest first, such as
/// "1h30m", and of "0". kInvalid for anything else and for more than an int64_t holds.
Result<int64_t> ParseDuration(std::string_view text);

/// The shortest text that ParseDuration reads back; "0s" for zero. Negative ones begin with "-",
/// which ParseDuration does not accept.
std::string FormatDuration(int64_t micros);

/// Bytes of "512", "512B", "64MiB" (powers of 1024) or "1GB" (powers of 1000), up to TiB and TB, in
/// any case, with or without a space before the unit. kInvalid for anything else.
Result<int64_t> ParseByteSize(std::string_view text);

}  // namespace avocet
