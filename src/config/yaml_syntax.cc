#include "src/config/yaml_syntax.h"

#include <algorithm>
#include <array>
#include <utility>

namespace avocet {
namespace {

ConfigError ErrorAt(const SourceText& source, size_t offset, std::string message) {
  const Mark mark = source.MarkAt(offset);
  return {mark.line, mark.column, std::move(message)};
}

/// The byte of a tab in the indentation of the line with byte `offset`, or npos.
size_t FindIndentTab(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  for (size_t i = newline == std::string_view::npos ? 0 : newline + 1; i < text.size(); ++i) {
    if (text[i] == '\t') return i;
    if (text[i] != ' ') break;
  }
  return std::string_view::npos;
}

bool IsFirstOnLine(std::string_view text, size_t offset) {
  while (offset > 0 && text[offset - 1] == ' ') --offset;
  return offset == 0 || text[offset - 1] == '\n';
}

std::string ExplainToken(std::string_view text, size_t offset) {
  const char c = offset < text.size() ? text[offset] : ' ';
  if (c == '@' || c == '`' || c == '%') {
    return std::string("a value cannot start with \"") + c + "\"; put it in quotes";
  }
  return "this is not valid YAML here; put text with special characters in quotes";
}

/// The bracket before `offset` that is still open, or npos. Quotes and comments are not looked at:
/// the answer only serves a message.
size_t FindOpenBracket(std::string_view text, size_t offset) {
  constexpr size_t kMaxDistance = 2000;
  int closed = 0;
  for (size_t i = offset; i > 0 && offset - i < kMaxDistance; --i) {
    const char c = text[i - 1];
    if (c == ']' || c == '}') ++closed;
    if ((c == '[' || c == '{') && closed-- == 0) return i - 1;
  }
  return std::string_view::npos;
}

/// A bracket that closes nothing, or not what is open.
ConfigError ExplainBracket(const SourceText& source, size_t offset) {
  const std::string& text = source.text();
  const size_t open_flow = FindOpenBracket(text, offset);
  if (open_flow == std::string::npos) {
    return ErrorAt(source, offset,
                   "this bracket closes nothing; remove it, or put the value in quotes");
  }
  const Mark open = source.MarkAt(open_flow);
  return ErrorAt(source, offset,
                 std::string("this does not close the \"") + text[open_flow] + "\" on line " +
                     std::to_string(open.line) + ", column " + std::to_string(open.column) +
                     "; add the missing \"" + (text[open_flow] == '[' ? "]" : "}") + "\"");
}

/// A ":" that cannot be one: within a value, or because its line runs on from the one above.
ConfigError ExplainColon(const SourceText& source, size_t offset) {
  const Mark mark = source.MarkAt(offset);
  const std::string_view line = source.Line(mark.line);
  const size_t newline = offset == 0 ? std::string::npos : source.text().rfind('\n', offset - 1);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  const std::string_view before = line.substr(0, offset - begin);
  if (before.find(": ") != std::string_view::npos || mark.line == 1) {
    return {mark.line, mark.column,
            "a second \":\" cannot stand here; put a value that contains \": \" in quotes"};
  }
  const std::string_view above = source.Line(mark.line - 1);
  const size_t indent = std::min(line.find_first_not_of(' '), line.size());
  if (above.find_first_not_of(' ') == indent && above.find(':') == std::string_view::npos) {
    const std::string_view word = above.substr(indent, above.find_last_not_of(' ') + 1 - indent);
    return {mark.line - 1, static_cast<int>(indent) + 1, MissingColon(word)};
  }
  return {mark.line, static_cast<int>(indent) + 1,
          "this cannot stand below the line above, which has a value already; check the "
          "indentation"};
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kExplanations = {{
    {"illegal map key", "a key is not possible here; check the indentation"},
    {"illegal block entry",
     "a list entry \"-\" cannot stand here; start it on its own line, and check the indentation"},
    {"the referenced anchor is not defined",
     "this alias has no anchor; define it above with \"&name\", or put text that starts with \"*\" "
     "in quotes"},
    {"cannot assign multiple anchors to the same node",
     "a value can have only one anchor \"&\"; remove one"},
    {"cannot assign multiple tags to the same node",
     "a value can have only one tag \"!\"; remove one"},
    {"aliases can't have any content, *including* tags",
     "an alias \"*name\" cannot have a tag; remove the tag"},
    {"alias not found after *",
     "\"*\" needs the name of an anchor; put text that starts with \"*\" in quotes"},
    {"anchor not found after &",
     "\"&\" needs the name of an anchor; put text that starts with \"&\" in quotes"},
    {"unexpected character in block scalar",
     "after \"|\" or \">\" the text starts on the next line; put a value that starts with such a "
     "character in quotes"},
    {"cannot set zero indentation for a block scalar",
     "the indentation after \"|\" or \">\" is from 1 to 9; remove the 0"},
    {"illegal document indicator in scalar",
     "a quoted text cannot have a line that starts with \"---\" or \"...\"; indent it"},
    {"YAML major version too large", "the version of %YAML is not 1; remove this line"},
    {"bad file", "values are nested more than 50 levels deep; use fewer levels"},
}};

}  // namespace

ConfigError ExplainSyntaxError(const SourceText& source, std::string_view message, size_t offset,
                               size_t open_flow) {
  const std::string& text = source.text();
  if (const size_t tab = FindIndentTab(text, offset); tab != std::string::npos) {
    return ErrorAt(source, tab, "a tab cannot indent a line in YAML; use spaces");
  }
  if (open_flow != std::string::npos && message.find("flow not found") != std::string::npos) {
    const bool list = text[open_flow] == '[';
    return ErrorAt(source, open_flow,
                   std::string("\"") + text[open_flow] + "\" is not closed; add the missing \"" +
                       (list ? "]" : "}") + "\" or a comma between its entries");
  }
  if (message == "end of map not found" || message == "end of sequence not found") {
    const bool indent = IsFirstOnLine(text, offset);
    return ErrorAt(source, offset,
                   indent ? "this line fits none of the levels above it; check the indentation"
                          : "nothing can follow the value on this line; check the quotes, or start "
                            "a comment with \" #\"");
  }
  if (message == "illegal map value") return ExplainColon(source, offset);
  if (message == "illegal flow end") return ExplainBracket(source, offset);
  if (message == "bad character found while scanning hex number") {
    const size_t backslash = text.rfind('\\', offset);
    return ErrorAt(source, backslash == std::string::npos ? offset : backslash,
                   "\"\\x\", \"\\u\" and \"\\U\" need 2, 4 and 8 hexadecimal digits; for a plain "
                   "backslash use 'single quotes'");
  }
  if (message == "unknown token") return ErrorAt(source, offset, ExplainToken(text, offset));
  if (message.substr(0, 24) == "unknown escape character") {
    // yaml-cpp points behind the character, which is behind the backslash.
    return ErrorAt(
        source, offset < 2 ? 0 : offset - 2,
        "\"\\" + text.substr(offset == 0 ? 0 : offset - 1, 1) +
            "\" is not an escape of YAML; write \"\\\\\" for a backslash, or use 'single "
            "quotes'");
  }
  for (const auto& [key, explanation] : kExplanations) {
    if (message == key) return ErrorAt(source, offset, std::string(explanation));
  }
  return ErrorAt(source, offset, "this is not valid YAML: " + std::string(message));
}

std::string MissingColon(std::string_view word) {
  const std::string key(word);
  return "\":\" is missing after \"" + key + "\"; write \"" + key + ": value\"";
}

bool IsQuoteClosed(std::string_view text, size_t offset) {
  const char quote = text[offset];
  for (size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != '\'') return true;
      ++i;
    }
  }
  return false;
}

}  // namespace avocet
