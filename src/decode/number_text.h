// Numbers written as text: "37.5", " 1e3 ".
#pragma once

#include <cstdint>
#include <string_view>

namespace avocet {

enum class NumberText : uint8_t {
  kNumber,
  kEmpty,      ///< nothing but white space
  kNotFinite,  ///< NaN or infinity, in any case and with or without a sign
  kOverflow,   ///< a number beyond the largest double
  kNotANumber,
};

/// Reads a decimal number, surrounding white space, a sign and leading zeros allowed. Sets `*value`
/// for kNumber only. Numbers too small for a double are zero. `point` stands before the fraction:
/// '.' or ','.
NumberText ParseNumberText(std::string_view text, double* value, char point = '.');

std::string_view TrimSpace(std::string_view text);

}  // namespace avocet
