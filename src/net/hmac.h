// HMAC-SHA256 (RFC 2104), for signed requests.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// As 64 lower-case hexadecimal digits.
std::string HmacSha256Hex(std::string_view key, std::string_view message);

}  // namespace avocet
