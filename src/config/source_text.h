// SourceText: the text of a configuration file, as lines with positions for messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

/// A place in a file. Both count from 1; a column is one Unicode code point.
struct Mark {
  int line = 0;
  int column = 0;

  friend bool operator==(const Mark&, const Mark&) = default;
};

/// The text without its byte order mark and with every line end (CRLF, CR, LF) as LF.
class SourceText {
 public:
  explicit SourceText(std::string_view raw);

  const std::string& text() const { return text_; }
  int num_lines() const { return static_cast<int>(line_begins_.size()); }

  /// The place of a byte of text(); the end of the text counts as a byte.
  Mark MarkAt(size_t offset) const;
  /// Line `line` without its end; empty when there is no such line.
  std::string_view Line(int line) const;
  /// The first byte that is not UTF-8 or is a control character other than tab and line end;
  /// npos when there is none.
  size_t FindBadByte() const;

 private:
  std::string text_;
  std::vector<size_t> line_begins_;
};

}  // namespace avocet
