#include <algorithm>

#include "src/base/utf8.h"
#include "src/config/load.h"
#include "src/config/source_text.h"

namespace avocet {
namespace {

constexpr int kMaxColumns = 100;

/// Splits a line into its code points; what a terminal cannot show becomes a replacement character.
std::vector<std::string> CodePoints(std::string_view line) {
  std::vector<std::string> points;
  while (!line.empty()) {
    const Utf8Sequence sequence = FirstUtf8Sequence(line);
    const auto c = static_cast<unsigned char>(line[0]);
    const bool shown = sequence.is_valid && (c >= 0x20 || c == '\t') && c != 0x7F;
    points.emplace_back(shown ? line.substr(0, sequence.size_bytes) : kReplacementCharacter);
    line.remove_prefix(sequence.size_bytes);
  }
  return points;
}

char32_t Decode(std::string_view point) {
  const auto first = static_cast<unsigned char>(point[0]);
  if (first < 0x80) return first;
  char32_t value = first & (point.size() == 2 ? 0x1FU : point.size() == 3 ? 0xFU : 7U);
  for (const char c : point.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return value;
}

/// Columns of a terminal: 2 for the wide characters of East Asia and emoji, 0 for combining marks.
size_t DisplayWidth(std::string_view point) {
  const char32_t c = Decode(point);
  if (c >= 0x300 && c <= 0x36F) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
                    (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

/// The line and a caret below the column; of a long line, the part around the column.
void AppendExcerpt(std::string_view line, int line_number, int column, std::string* out) {
  const std::vector<std::string> points = CodePoints(line);
  const auto size = static_cast<int>(points.size());
  const int caret = std::clamp(column - 1, 0, size);
  int begin = 0;
  if (size > kMaxColumns) begin = std::clamp(caret - kMaxColumns / 2, 0, size - kMaxColumns);
  const int end = std::min(size, begin + kMaxColumns);
  const std::string number = std::to_string(line_number);
  const std::string gutter(number.size() < 5 ? 5 - number.size() : 0, ' ');
  std::string shown = begin > 0 ? "..." : "";
  std::string below = begin > 0 ? "   " : "";
  for (int i = begin; i < end; ++i) {
    const std::string& point = points[static_cast<size_t>(i)];
    shown += point;
    if (i < caret) below += point == "\t" ? "\t" : std::string(DisplayWidth(point), ' ');
  }
  if (end < size) shown += "...";
  *out += gutter + number + " | " + shown + "\n";
  *out += std::string(gutter.size() + number.size(), ' ') + " | " + below + "^\n";
}

}  // namespace

std::string FormatErrors(const std::vector<ConfigError>& errors, const std::string& file,
                         std::string_view source_text) {
  const SourceText source(source_text);
  std::string out;
  for (const ConfigError& error : errors) {
    out += file;
    if (error.line > 0) {
      out += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
    }
    out += ": error: " + error.message + "\n";
    if (error.line > 0) AppendExcerpt(source.Line(error.line), error.line, error.column, &out);
  }
  return out;
}

}  // namespace avocet
