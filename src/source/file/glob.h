// Globs: patterns for the names of files.
#pragma once

#include <string_view>

namespace avocet {

/// True when `pattern` has any of * ? [.
bool HasGlob(std::string_view pattern);

/// Matches one name, without slashes, against one segment of a pattern: `*` any bytes, `?` one
/// byte,
/// `[a-z]` and `[!a-z]` one byte of a set, `\` takes the next byte literally. As in a shell, a
/// leading dot must be written out.
bool GlobMatches(std::string_view pattern, std::string_view name);

}  // namespace avocet
