// Bytes as hexadecimal digits.
#pragma once

#include <span>
#include <string>

namespace avocet {

/// Two lower-case digits a byte.
std::string HexText(std::span<const unsigned char> bytes);

}  // namespace avocet
