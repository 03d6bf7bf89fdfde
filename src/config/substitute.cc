#include "src/config/substitute.h"

#include <algorithm>
#include <optional>

#include "src/base/utf8.h"
#include "src/config/quoted.h"

namespace avocet {
namespace {

bool IsNameChar(char c, bool first) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

std::string_view LeadingName(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && IsNameChar(text[length], length == 0)) ++length;
  return text.substr(0, length);
}

std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

/// One reference, the text between `${` and `}`. Appends its value, or sets `error`.
void Replace(std::string_view body, const Lookup& environment, Substitution* out) {
  const std::string name(LeadingName(body));
  const std::string_view rest = body.substr(name.size());
  const std::string_view mode = rest.substr(0, 2);
  const std::string_view argument = rest.substr(mode.size());
  if (name.empty() || (!rest.empty() && mode != ":-" && mode != ":?")) {
    out->error = "cannot read " + Quoted("${" + std::string(body) + "}") +
                 "; write ${NAME}, ${NAME:-default} or ${NAME:?message}, or $$ for a plain \"$\"";
    return;
  }
  if (argument.find("${") != std::string_view::npos) {
    out->error = "a default or message inside ${" + name + "...} cannot contain another ${...}";
    return;
  }
  const std::optional<std::string> value = environment ? environment(name) : std::nullopt;
  if (value && (rest.empty() || !value->empty())) {
    if (!IsValidUtf8(*value)) {
      out->error = "the environment variable " + name + " is not UTF-8 text; set it to UTF-8 text";
      return;
    }
    out->used = true;
    out->text += *value;
  } else if (mode == ":-") {
    out->text += argument;
  } else if (mode == ":?") {
    const std::string message = argument.empty() ? "it is required" : std::string(argument);
    out->error = "the environment variable " + name + " is not set: " + OneLine(message);
  } else {
    out->error = "the environment variable " + name + " is not set; set it, or write ${" + name +
                 ":-default}";
  }
}

}  // namespace

Substitution Substitute(std::string_view text, const Lookup& environment) {
  Substitution out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t dollar = text.find('$', at);
    out.text += text.substr(at, dollar - at);
    if (dollar == std::string_view::npos) break;
    const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
    if (next != '{') {
      out.text += '$';
      at = dollar + (next == '$' ? 2 : 1);
      continue;
    }
    const size_t close = text.find('}', dollar);
    if (close == std::string_view::npos) {
      out.error = "\"${\" is never closed; add \"}\", or write $$ for a plain \"$\"";
      out.at = text.substr(dollar, 2);
      return out;
    }
    Replace(text.substr(dollar + 2, close - dollar - 2), environment, &out);
    if (!out.error.empty()) {
      out.at = text.substr(dollar, close - dollar + 1);
      return out;
    }
    at = close + 1;
  }
  return out;
}

}  // namespace avocet
