// TerminalLine: a line of a terminal, of cells that are cut to what there is room for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace avocet {

enum class Ink : uint8_t { kPlain, kStrong, kFaint, kGood, kWarning, kBad, kReverse };

/// `text` in exactly `width` columns: cut, with an ellipsis, or padded. What would move the cursor,
/// or change the direction or look of what follows, is shown as "?".
std::string FitText(std::string_view text, size_t width, bool to_the_right = false);

/// How many columns `text` takes.
size_t WidthOfText(std::string_view text);

class TerminalLine {
 public:
  /// Without `colours` no escape sequence is written.
  TerminalLine(size_t columns, bool colours) : left_(columns), colours_(colours) {}

  /// A cell of so many columns.
  TerminalLine& Cell(std::string_view text, size_t width, Ink ink = Ink::kPlain,
                     bool to_the_right = false);
  /// As wide as its text.
  TerminalLine& Text(std::string_view text, Ink ink = Ink::kPlain);
  /// All that is left.
  TerminalLine& Rest(std::string_view text, Ink ink = Ink::kPlain) {
    return Cell(text, left_, ink);
  }

  size_t left() const { return left_; }
  /// Without blanks at its end.
  std::string Take();

 private:
  size_t left_;
  bool colours_;
  std::string text_;
};

}  // namespace avocet
