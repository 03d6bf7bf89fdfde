// Text of the user in messages.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// `text` in quotes, in one line, cut after about 60 bytes; always valid UTF-8.
std::string Quoted(std::string_view text);

}  // namespace avocet
