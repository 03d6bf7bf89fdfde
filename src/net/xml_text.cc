#include "src/net/xml_text.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace avocet {
namespace {

// The character that "&" `name` ";" stands for; 0 when it is not known.
char Entity(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNames = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known, character] : kNames) {
    if (name == known) return character;
  }
  if (!name.starts_with('#')) return 0;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x');
  if (hex) name.remove_prefix(1);
  int code = 0;
  const auto end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data(), end, code, hex ? 16 : 10);
  return parsed.ptr == end && code > 0 && code < 128 ? static_cast<char>(code) : '\0';
}

}  // namespace

std::optional<std::string_view> TakeXmlElement(std::string_view tag, std::string_view* xml) {
  std::string open("<"), close("</");
  open.append(tag).append(">");
  close.append(tag).append(">");
  const size_t begin = xml->find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = xml->find(close, begin + open.size());
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = xml->substr(begin + open.size(), end - begin - open.size());
  xml->remove_prefix(end + close.size());
  return text;
}

std::string_view XmlText(std::string_view xml, std::string_view tag) {
  return TakeXmlElement(tag, &xml).value_or(std::string_view());
}

std::string XmlUnescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t ampersand = text.find('&');
    out += text.substr(0, ampersand);
    if (ampersand == std::string_view::npos) break;
    text.remove_prefix(ampersand);
    const size_t end = text.find(';');
    const char character = end == std::string_view::npos ? '\0' : Entity(text.substr(1, end - 1));
    out += character == 0 ? '&' : character;
    text.remove_prefix(character == 0 ? 1 : end + 1);
  }
  return out;
}

}  // namespace avocet
