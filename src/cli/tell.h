// Tell: words for whoever runs a command.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace avocet {

/// Prints to standard error. That may be a file on a full disk: what cannot be told there is lost,
/// and nothing else is.
template <typename... Args>
void Tell(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace avocet
