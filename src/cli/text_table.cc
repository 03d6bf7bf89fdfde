#include "src/cli/text_table.h"

#include <algorithm>

#include "src/base/utf8.h"

namespace avocet {
namespace {

constexpr size_t kWidest = 40;

// Cells as they are shown: code points that can be printed, not too many of them.
std::string Shown(const std::string& cell, size_t most, size_t* width) {
  std::string text;
  *width = 0;
  for (size_t at = 0; at < cell.size();) {
    if (*width == most) {
      text.append("...");
      *width += 3;
      break;
    }
    const Utf8Sequence sequence = FirstUtf8Sequence(std::string_view(cell).substr(at));
    const auto byte = static_cast<unsigned char>(cell[at]);
    const bool printable = sequence.is_valid && byte >= 0x20 && byte != 0x7F;
    text.append(printable ? cell.substr(at, sequence.size_bytes) : "?");
    at += sequence.size_bytes;
    ++*width;
  }
  return text;
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header, size_t first_number)
    : columns_(header.size()), first_number_(first_number) {
  rows_.push_back(std::move(header));
}

std::string TextTable::Text() const {
  std::vector<size_t> widths(columns_, 0);
  size_t width = 0;
  for (const auto& row : rows_) {
    // The last cell of a short row does not widen its column.
    const size_t aligned = row.size() < columns_ && row.size() > 2 ? row.size() - 1 : row.size();
    for (size_t i = 0; i < std::min(aligned, columns_); ++i) {
      Shown(row[i], kWidest, &width);
      widths[i] = std::max(widths[i], width);
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line = " ";
    for (size_t i = 0; i < std::min(row.size(), columns_); ++i) {
      const bool last = i + 1 == row.size();
      const std::string cell = Shown(row[i], last ? 2 * kWidest : kWidest, &width);
      const std::string gap(widths[i] - std::min(widths[i], width), ' ');
      line += ' ' + (i >= first_number_ ? gap + cell : cell + gap) + (last ? "" : " ");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace avocet
