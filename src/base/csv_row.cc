#include "src/base/csv_row.h"

#include <array>
#include <cstddef>

namespace avocet {
namespace {

std::string_view TrimBlanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The quoted field that begins at `*pos`, and what stands between it and the delimiter.
std::string TakeQuoted(std::string_view row, char delimiter, size_t* pos) {
  std::string field;
  size_t i = *pos + 1;
  for (; i < row.size(); ++i) {
    if (row[i] != '"') {
      field += row[i];
    } else if (i + 1 < row.size() && row[i + 1] == '"') {
      field += '"';
      ++i;
    } else {
      ++i;
      break;
    }
  }
  for (; i < row.size() && row[i] != delimiter; ++i) field += row[i];
  *pos = i;
  return field;
}

}  // namespace

char DetectDelimiter(std::string_view line) {
  constexpr std::string_view kDelimiters = ",;\t";
  std::array<size_t, 3> found{};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const size_t which = quoted ? std::string_view::npos : kDelimiters.find(c);
    if (which != std::string_view::npos) ++found[which];
  }
  size_t best = 0;
  for (size_t i = 1; i < found.size(); ++i) {
    if (found[i] > found[best]) best = i;
  }
  return kDelimiters[best];
}

std::vector<std::string> ParseCsvRow(std::string_view row, char delimiter) {
  std::vector<std::string> fields;
  size_t pos = 0;
  while (true) {
    if (pos < row.size() && row[pos] == '"') {
      fields.push_back(TakeQuoted(row, delimiter, &pos));
    } else {
      const size_t end = row.find(delimiter, pos);
      const size_t size = end == std::string_view::npos ? row.size() - pos : end - pos;
      fields.emplace_back(TrimBlanks(row.substr(pos, size)));
      pos += size;
    }
    if (pos >= row.size()) return fields;
    ++pos;
  }
}

}  // namespace avocet
