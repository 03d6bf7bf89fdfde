#include "src/base/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace avocet {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNone);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}();

uint32_t Value(char c) { return kValues[static_cast<uint8_t>(c)]; }

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  size_t i = 0;
  const auto byte = [&](size_t at) {
    return at < bytes.size() ? uint32_t{static_cast<uint8_t>(bytes[at])} : 0U;
  };
  for (; i < bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const size_t rest = bytes.size() - i;
    out->push_back(kAlphabet[group >> 18]);
    out->push_back(kAlphabet[group >> 12 & 63]);
    out->push_back(rest > 1 ? kAlphabet[group >> 6 & 63] : '=');
    out->push_back(rest > 2 ? kAlphabet[group & 63] : '=');
  }
}

bool AppendFromBase64(std::string_view text, std::string* out) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const size_t begin = out->size();
  out->resize(begin + text.size() / 4 * 3);
  char* at = out->data() + begin;
  uint32_t bad = 0;
  for (size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const uint32_t third = last && padding == 2 ? 0 : Value(text[i + 2]);
    const uint32_t fourth = last && padding > 0 ? 0 : Value(text[i + 3]);
    const uint32_t first = Value(text[i]), second = Value(text[i + 1]);
    bad |= first | second | third | fourth;
    const uint32_t group = first << 18 | second << 12 | third << 6 | fourth;
    *at++ = static_cast<char>(group >> 16);
    *at++ = static_cast<char>(group >> 8);
    *at++ = static_cast<char>(group);
  }
  // Values have six bits; kNone has more.
  if (bad > 63) {
    out->resize(begin);
    return false;
  }
  out->resize(out->size() - padding);
  return true;
}

}  // namespace avocet
