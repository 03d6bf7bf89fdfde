#include "src/cli/terminal_line.h"

#include <algorithm>
#include <utility>

#include "src/base/utf8.h"

namespace avocet {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kInks[] = {"",         "\033[1m",    "\033[2m", "\033[32m",
                                      "\033[33m", "\033[1;31m", "\033[7m"};
constexpr std::string_view kNoInk = "\033[0m";

struct Glyph {
  std::string_view bytes;
  size_t width = 1;
};

uint32_t CodePoint(std::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0);
  uint32_t point = byte(0) & (0xFFU >> (sequence.size() + 1));
  for (size_t i = 1; i < sequence.size(); ++i) point = point << 6 | (byte(i) & 0x3FU);
  return point;
}

bool IsIn(uint32_t point, std::initializer_list<std::pair<uint32_t, uint32_t>> ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return point >= range.first && point <= range.second;
  });
}

/// The first character, as it is shown.
Glyph FirstGlyph(std::string_view text, size_t* size_bytes) {
  const Utf8Sequence sequence = FirstUtf8Sequence(text);
  *size_bytes = sequence.size_bytes;
  const std::string_view bytes = text.substr(0, sequence.size_bytes);
  if (!sequence.is_valid) return {"?", 1};
  const uint32_t point = CodePoint(bytes);
  // Controls; marks that join, combine, or turn the direction of the text.
  if (point < 0x20 || IsIn(point, {{0x7F, 0x9F},
                                   {0x0300, 0x036F},
                                   {0x200B, 0x200F},
                                   {0x2028, 0x202E},
                                   {0x2060, 0x206F},
                                   {0xFE00, 0xFE0F},
                                   {0xFEFF, 0xFEFF},
                                   {0xE0000, 0xE0FFF}})) {
    return {"?", 1};
  }
  const bool is_wide = IsIn(point, {{0x1100, 0x115F},
                                    {0x2E80, 0x303E},
                                    {0x3041, 0xA4CF},
                                    {0xAC00, 0xD7A3},
                                    {0xF900, 0xFAFF},
                                    {0xFE30, 0xFE6F},
                                    {0xFF00, 0xFF60},
                                    {0xFFE0, 0xFFE6},
                                    {0x1F300, 0x1F64F},
                                    {0x1F900, 0x1F9FF},
                                    {0x20000, 0x3FFFD}});
  return {bytes, is_wide ? size_t{2} : size_t{1}};
}

}  // namespace

size_t WidthOfText(std::string_view text) {
  size_t width = 0;
  for (size_t size = 0; !text.empty(); text.remove_prefix(size)) {
    width += FirstGlyph(text, &size).width;
  }
  return width;
}

std::string FitText(std::string_view text, size_t width, bool to_the_right) {
  if (width == 0) return {};
  const size_t whole = WidthOfText(text);
  const size_t room = whole <= width ? width : width - 1;
  std::string out;
  size_t used = 0;
  for (size_t size = 0; !text.empty(); text.remove_prefix(size)) {
    const Glyph glyph = FirstGlyph(text, &size);
    if (used + glyph.width > room) break;
    out.append(glyph.bytes);
    used += glyph.width;
  }
  if (whole > width) {
    out.append(kEllipsis);
    ++used;
  }
  return to_the_right ? std::string(width - used, ' ') + out : out + std::string(width - used, ' ');
}

TerminalLine& TerminalLine::Cell(std::string_view text, size_t width, Ink ink, bool to_the_right) {
  width = std::min(width, left_);
  if (width == 0) return *this;
  left_ -= width;
  const std::string fitted = FitText(text, width, to_the_right);
  const std::string_view style = kInks[static_cast<size_t>(ink)];
  if (!colours_ || style.empty()) {
    text_ += fitted;
  } else {
    text_.append(style).append(fitted).append(kNoInk);
  }
  return *this;
}

TerminalLine& TerminalLine::Text(std::string_view text, Ink ink) {
  return Cell(text, WidthOfText(text), ink);
}

std::string TerminalLine::Take() {
  text_.erase(text_.find_last_not_of(' ') + 1);
  return std::exchange(text_, {});
}

}  // namespace avocet
