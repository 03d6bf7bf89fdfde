// MD5, for formats that demand it. Broken as a protection against forgery.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace avocet {

/// RFC 1321.
std::array<uint8_t, 16> Md5(std::string_view bytes);

}  // namespace avocet
