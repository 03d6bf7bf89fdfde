#include "src/source/kafka/message_fields.h"

#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

std::string JsonText(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

void AppendWithFields(const std::vector<std::pair<std::string, std::string>>& fields,
                      std::string_view payload, std::string_view value_name, std::string* out) {
  const char* separator = "{";
  for (const auto& [name, value] : fields) {
    *out += separator;
    AppendJsonString(name, out);
    *out += ':';
    *out += value;
    separator = ",";
  }
  const size_t first = payload.find_first_not_of(kBlanks);
  if (first == payload.npos || payload[first] != '{') {
    *out += separator;
    AppendJsonString(value_name, out);
    *out += ':';
    // What could end the value and bring members of its own is text.
    if (payload.find_first_of(",:{}") == payload.npos) {
      *out += payload;
    } else {
      AppendJsonString(payload, out);
    }
    *out += '}';
    return;
  }
  const std::string_view rest = payload.substr(first + 1);
  const size_t member = rest.find_first_not_of(kBlanks);
  const bool empty = member != rest.npos && rest[member] == '}';
  if (fields.empty()) {
    *out += '{';
  } else if (!empty) {
    *out += ',';
  }
  *out += rest;
}

}  // namespace avocet
