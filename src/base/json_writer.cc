#include "src/base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "src/base/check.h"
#include "src/base/utf8.h"

namespace avocet {

namespace {

template <typename T>
void AppendNumber(T value, std::string* out) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  AVOCET_CHECK(error == std::errc());
  out->append(buffer.data(), end);
}

void AppendEscape(unsigned char c, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      out->append("\\u00");
      out->push_back(kDigits[c >> 4]);
      out->push_back(kDigits[c & 15]);
  }
}

bool IsPlainAscii(unsigned char c) { return c >= ' ' && c < 0x80 && c != '"' && c != '\\'; }

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && IsPlainAscii(static_cast<unsigned char>(text[plain]))) ++plain;
    out->append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      AppendEscape(static_cast<unsigned char>(text[0]), out);
      text.remove_prefix(1);
      continue;
    }
    const Utf8Sequence sequence = FirstUtf8Sequence(text);
    out->append(sequence.is_valid ? text.substr(0, sequence.size_bytes) : kReplacementCharacter);
    text.remove_prefix(sequence.size_bytes);
  }
  out->push_back('"');
}

void AppendJsonDouble(double value, std::string* out) {
  if (std::isfinite(value)) {
    AppendNumber(value, out);
  } else {
    out->append("null");
  }
}

JsonWriter& JsonWriter::BeginObject() { return Begin('{'); }
JsonWriter& JsonWriter::EndObject() { return End('{', '}'); }
JsonWriter& JsonWriter::BeginArray() { return Begin('['); }
JsonWriter& JsonWriter::EndArray() { return End('[', ']'); }

JsonWriter& JsonWriter::Key(std::string_view key) {
  AVOCET_CHECK(!open_.empty() && open_.back() == '{' && !has_key_);
  if (has_items_) text_.push_back(',');
  AppendJsonString(key, &text_);
  text_.push_back(':');
  has_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  BeforeValue();
  AppendJsonString(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) {
  BeforeValue();
  AppendNumber(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Uint(uint64_t value) {
  BeforeValue();
  AppendNumber(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  BeforeValue();
  AppendJsonDouble(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  BeforeValue();
  text_.append(json);
  return *this;
}

std::string JsonWriter::Take() {
  AVOCET_CHECK(open_.empty() && has_items_);
  has_items_ = false;
  return std::exchange(text_, {});
}

void JsonWriter::BeforeValue() {
  if (open_.empty()) {
    AVOCET_CHECK(!has_items_);
  } else if (open_.back() == '{') {
    AVOCET_CHECK(has_key_);
  } else if (has_items_) {
    text_.push_back(',');
  }
  has_key_ = false;
  has_items_ = true;
}

JsonWriter& JsonWriter::Begin(char bracket) {
  BeforeValue();
  text_.push_back(bracket);
  open_.push_back(bracket);
  has_items_ = false;
  return *this;
}

JsonWriter& JsonWriter::End(char open, char close) {
  AVOCET_CHECK(!open_.empty() && open_.back() == open && !has_key_);
  open_.pop_back();
  text_.push_back(close);
  // What has just been closed is an item of what is around it.
  has_items_ = true;
  return *this;
}

}  // namespace avocet
