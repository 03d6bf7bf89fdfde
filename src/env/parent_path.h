// The directory part of a path.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// The directory that holds the entry `path`: "a/b" of "a/b/c", "." of "c", "/" of "/c" and of "/".
/// Trailing slashes of `path` do not count.
std::string ParentPath(std::string_view path);

}  // namespace avocet
