#include "src/decode/json_text.h"

#include <cstdint>

#include "src/base/json_writer.h"

namespace avocet {

namespace {

constexpr size_t kMaxMessageText = 64;
constexpr uint32_t kNoCode = 0xFFFFFFFF;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// The value of the four hexadecimal digits at `at`, or kNoCode.
uint32_t HexCode(std::string_view body, size_t at) {
  if (at + 4 > body.size()) return kNoCode;
  uint32_t code = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = body[i];
    uint32_t digit = 0;
    if (IsDigit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      return kNoCode;
    }
    code = code * 16 + digit;
  }
  return code;
}

// The code point of the \u escape at `at`, a surrogate pair included; sets its size.
uint32_t EscapedCodePoint(std::string_view body, size_t at, size_t* size) {
  const uint32_t high = HexCode(body, at + 2);
  *size = 6;
  if (high == kNoCode || (high >= 0xDC00 && high <= 0xDFFF)) return kNoCode;
  if (high < 0xD800 || high > 0xDBFF) return high;
  if (at + 8 > body.size() || body[at + 6] != '\\' || body[at + 7] != 'u') return kNoCode;
  const uint32_t low = HexCode(body, at + 8);
  if (low == kNoCode || low < 0xDC00 || low > 0xDFFF) return kNoCode;
  *size = 12;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto tail = [&](uint32_t shift) {
    out->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F)));
  };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
    tail(0);
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    tail(6);
    tail(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | (code >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

size_t JsonNumberSize(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t integer = at;
  at = SkipDigits(text, at);
  if (at == integer || (text[integer] == '0' && at > integer + 1)) return 0;
  if (at < text.size() && text[at] == '.') {
    const size_t end = SkipDigits(text, at + 1);
    if (end == at + 1) return 0;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t digits = at + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    at = SkipDigits(text, digits);
    if (at == digits) return 0;
  }
  return at;
}

size_t FindBadEscape(std::string_view body) {
  for (size_t at = body.find('\\'); at != std::string_view::npos; at = body.find('\\', at)) {
    if (at + 1 >= body.size()) return at;
    size_t size = 2;
    if (body[at + 1] == 'u') {
      if (EscapedCodePoint(body, at, &size) == kNoCode) return at;
    } else if (SimpleEscape(body[at + 1]) == '\0') {
      return at;
    }
    at += size;
  }
  return std::string_view::npos;
}

void AppendUnescaped(std::string_view body, std::string* out) {
  size_t at = 0;
  while (at < body.size()) {
    const size_t escape = body.find('\\', at);
    out->append(body.substr(at, escape - at));
    if (escape == std::string_view::npos) return;
    size_t size = 2;
    if (body[escape + 1] == 'u') {
      AppendUtf8(EscapedCodePoint(body, escape, &size), out);
    } else {
      out->push_back(SimpleEscape(body[escape + 1]));
    }
    at = escape + size;
  }
}

std::string QuotedForMessage(std::string_view text) {
  std::string quoted;
  if (text.size() <= kMaxMessageText) {
    AppendJsonString(text, &quoted);
    return quoted;
  }
  size_t end = kMaxMessageText;
  // The cut must not split a code point: the front of one would read as invalid UTF-8.
  while (end > kMaxMessageText - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  AppendJsonString(text.substr(0, end), &quoted);
  quoted.append("...");
  return quoted;
}

}  // namespace avocet
