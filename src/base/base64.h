// Base64 with the alphabet and padding of RFC 4648.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

void AppendBase64(std::string_view bytes, std::string* out);

/// Appends the bytes that `text` stands for. False, with `out` as it was, for anything but complete
/// groups of four with their padding.
bool AppendFromBase64(std::string_view text, std::string* out);

}  // namespace avocet
