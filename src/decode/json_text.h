// JSON text: pieces of the grammar that simdjson does not check for values it skips.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

inline bool IsJsonSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Length of the number at the front of `text` by the grammar of RFC 8259; 0 if there is none.
size_t JsonNumberSize(std::string_view text);

/// True when all of `text` is one number by the grammar of RFC 8259.
inline bool IsJsonNumber(std::string_view text) {
  return !text.empty() && JsonNumberSize(text) == text.size();
}

/// Position of the first escape sequence in `body`, the text between the quotes of a JSON string,
/// that is wrong or half a surrogate pair; npos when all are fine.
size_t FindBadEscape(std::string_view body);

/// Appends the text that `body` stands for. REQUIRES: FindBadEscape(body) is npos.
void AppendUnescaped(std::string_view body, std::string* out);

/// `text` in quotes for a message: escaped, valid UTF-8, and cut to at most 64 bytes of text.
std::string QuotedForMessage(std::string_view text);

}  // namespace avocet
