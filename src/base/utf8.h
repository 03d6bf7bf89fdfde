// UTF-8 validity.
#pragma once

#include <cstddef>
#include <string_view>

namespace avocet {

/// U+FFFD in UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

struct Utf8Sequence {
  size_t size_bytes = 0;  ///< at least 1
  bool is_valid = false;
};

/// The code point at the front of `text`, or the bytes there that one replacement character stands
/// for (the maximal subpart of the Unicode standard). REQUIRES: `text` is not empty.
Utf8Sequence FirstUtf8Sequence(std::string_view text);

bool IsValidUtf8(std::string_view text);

}  // namespace avocet
