// DiagnoseJson: says what is wrong with a record, and where. Slow, for records already refused.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "src/decode/reject_codes.h"

namespace avocet {

/// Arrays and objects may be nested in so many levels, the record's object included.
inline constexpr size_t kMaxJsonDepth = 64;

/// The first problem of `record`, surrounding white space allowed, as a JSON object: `nul_byte`,
/// `invalid_utf8`, `invalid_json`, `truncated`, `too_deep`, `trailing_content` or `not_an_object`.
/// Empty when it is a valid object. Keys may repeat.
std::optional<Rejection> DiagnoseJson(std::string_view record);

/// The first NUL byte or invalid UTF-8 sequence of `record`, JSON or not.
std::optional<Rejection> DiagnoseBytes(std::string_view record);

}  // namespace avocet
