#include "src/source/records/input_format.h"

#include <array>
#include <string>

namespace avocet {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool EndsWith(std::string_view text, std::string_view suffix) {
  if (text.size() < suffix.size()) return false;
  text.remove_prefix(text.size() - suffix.size());
  for (size_t i = 0; i < suffix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != suffix[i]) return false;
  }
  return true;
}

// The position after the brace that closes the object whose "{" stands before `text`.
size_t EndOfObject(std::string_view text) {
  int depth = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// A file that begins with an object is NDJSON, unless "{" stands alone on its line, as in every
// pretty-printed object, or a second object follows on the same line.
std::optional<InputFormat> DetectAfterBrace(std::string_view after_brace, bool at_end) {
  const size_t next = after_brace.find_first_not_of(" \t\r");
  if (next != std::string_view::npos && after_brace[next] == '\n') return InputFormat::kJson;
  const size_t line_end = after_brace.find('\n');
  const std::string_view line = after_brace.substr(0, line_end);
  const size_t end = EndOfObject(line);
  const size_t after = end == std::string_view::npos ? end : line.find_first_not_of(" \t\r,", end);
  if (after != std::string_view::npos) {
    return line[after] == '{' ? InputFormat::kJson : InputFormat::kLines;
  }
  const bool complete = at_end || line_end != std::string_view::npos;
  return complete ? std::optional(InputFormat::kLines) : std::nullopt;
}

// Text with no known name is CSV when its first line has a delimiter, unless an object follows:
// then the first line is a damaged record.
std::optional<InputFormat> DetectText(std::string_view text, bool at_end) {
  const size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) {
    return at_end ? std::optional(InputFormat::kLines) : std::nullopt;
  }
  if (text.substr(0, line_end).find_first_of(",;\t") == std::string_view::npos) {
    return InputFormat::kLines;
  }
  const size_t second = text.find_first_not_of(kBlanks, line_end);
  if (second == std::string_view::npos) {
    return at_end ? std::optional(InputFormat::kLines) : std::nullopt;
  }
  return text[second] == '{' ? InputFormat::kLines : InputFormat::kCsv;
}

}  // namespace

Result<InputFormat> ParseInputFormat(std::string_view name) {
  if (name == "auto" || name.empty()) return InputFormat::kUnknown;
  if (name == "ndjson") return InputFormat::kLines;
  if (name == "json") return InputFormat::kJson;
  if (name == "csv") return InputFormat::kCsv;
  return Status::Config("unknown format \"" + std::string(name) +
                        "\"; known are auto, ndjson, json, csv");
}

std::string_view InputFormatName(InputFormat format) {
  switch (format) {
    case InputFormat::kLines:
      return "ndjson";
    case InputFormat::kJson:
      return "json";
    case InputFormat::kCsv:
      return "csv";
    case InputFormat::kUnknown:
      break;
  }
  return "unknown";
}

InputFormat FormatHint(std::string_view path) {
  for (const std::string_view packed : {".gz", ".zst", ".zstd"}) {
    if (EndsWith(path, packed)) {
      path.remove_suffix(packed.size());
      break;
    }
  }
  for (const std::string_view lines : {".json", ".ndjson", ".jsonl"}) {
    if (EndsWith(path, lines)) return InputFormat::kLines;
  }
  for (const std::string_view csv : {".csv", ".tsv"}) {
    if (EndsWith(path, csv)) return InputFormat::kCsv;
  }
  return InputFormat::kUnknown;
}

std::optional<InputFormat> DetectFormat(std::string_view prefix, InputFormat hint, bool at_end) {
  if (prefix.size() >= kFormatProbeBytes) {
    prefix = prefix.substr(0, kFormatProbeBytes);
    at_end = true;
  }
  const size_t first = prefix.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    if (!at_end) return std::nullopt;
    return hint == InputFormat::kUnknown ? InputFormat::kLines : hint;
  }
  if (prefix[first] == '[') return InputFormat::kJson;
  if (prefix[first] == '{') return DetectAfterBrace(prefix.substr(first + 1), at_end);
  if (hint != InputFormat::kUnknown) return hint;
  return DetectText(prefix.substr(first), at_end);
}

}  // namespace avocet
