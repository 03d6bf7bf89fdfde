#include "src/base/csv_text.h"

#include <algorithm>

namespace avocet {

void AppendCsvField(std::string_view field, char delimiter, std::string* line) {
  const bool needs_quotes = std::any_of(field.begin(), field.end(), [&](char c) {
    return c == delimiter || c == '"' || c == '\n' || c == '\r';
  });
  if (!needs_quotes) {
    line->append(field);
    return;
  }
  line->push_back('"');
  for (const char c : field) {
    if (c == '"') line->push_back('"');
    line->push_back(c);
  }
  line->push_back('"');
}

}  // namespace avocet
