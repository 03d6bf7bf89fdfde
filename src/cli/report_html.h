// What the HTML reports of the commands share: one file each, which loads nothing and follows the
// reader's light or dark theme.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace avocet {

/// Text as it may stand in an element or an attribute in double quotes.
std::string EscapeHtml(std::string_view text);

/// The text of a report while it is written.
class ReportHtml {
 public:
  /// `title` is HTML.
  explicit ReportHtml(std::string_view title);

  void Add(std::string_view html) { html_ += html; }
  template <typename First, typename... Rest>
  void Add(fmt::format_string<First, Rest...> format, First&& first, Rest&&... rest) {
    html_ += fmt::format(format, std::forward<First>(first), std::forward<Rest>(rest)...);
  }
  /// A number, or what stands for it, above what it is.
  void Tile(std::string_view name, std::string_view value);
  /// The whole of it, ended.
  std::string Take();

 private:
  std::string html_;
};

}  // namespace avocet
