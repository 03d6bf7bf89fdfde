// Patterns of names, with * for any text and ? for one character.
#pragma once

#include <string_view>

namespace avocet {

/// Whether all of `text` fits `pattern`. Linear but for patterns with many stars.
bool MatchesGlob(std::string_view pattern, std::string_view text);

}  // namespace avocet
