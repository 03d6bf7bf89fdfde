// The directory part of a path.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// The directory that holds the entry `path`: "a/b" of "a/b/c", "." of "c", "/" of "/c" and of "/".
/// Trailing slashes of `path` do not count.
std::string ParentPath(std::string_view path);

/// `path` from the root, with the working directory of the process in front when it is relative.
std::string AbsolutePath(const std::string& path);

}  // namespace avocet
