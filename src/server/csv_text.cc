#include "src/server/csv_text.h"

#include <cmath>

#include "src/base/json_writer.h"

namespace avocet {

std::string CsvText(std::string_view text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
    out += '\'';
  }
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string CsvNumber(double value) {
  std::string out;
  if (std::isfinite(value)) AppendJsonDouble(value, &out);
  return out;
}

}  // namespace avocet
