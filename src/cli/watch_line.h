// WatchLine: a line on standard error that is written over, for a person who watches.
#pragma once

#include <chrono>
#include <string_view>

namespace avocet {

/// At most twice a second.
class WatchLine {
 public:
  /// Shows nothing when standard error is no terminal, or `show` is false.
  explicit WatchLine(bool show);
  ~WatchLine();
  /// True when it is time for a new text.
  bool IsDue();
  void Show(std::string_view text);

 private:
  bool show_;
  std::chrono::nanoseconds shown_at_{0};
};

}  // namespace avocet
