// Reading an instant written in ISO 8601.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace avocet {

/// Microseconds since 1970 UTC of "2026-01-31", "2026-01-31T12:00:00Z" or with a fraction of up to
/// six digits and an offset such as "+02:00"; nothing for any other text. A date is its midnight
/// UTC.
std::optional<int64_t> ParseInstant(std::string_view text);

}  // namespace avocet
