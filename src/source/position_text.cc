#include "src/source/position_text.h"

#include <charconv>
#include <cstddef>
#include <utility>

namespace avocet {

class PositionText::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool Object(std::map<std::string, Value, std::less<>>* values) {
    if (!Take('{')) return false;
    if (Take('}')) return AtEnd();
    do {
      std::string key;
      Value value;
      if (!String(&key) || !Take(':') || !Item(&value, 0)) return false;
      values->insert_or_assign(std::move(key), std::move(value));
    } while (Take(','));
    return Take('}') && AtEnd();
  }

 private:
  static constexpr int kDeepest = 16;

  void SkipBlanks() {
    while (pos_ < text_.size() && std::string_view(" \t\r\n").find(text_[pos_]) != text_.npos) {
      ++pos_;
    }
  }

  bool Take(char c) {
    SkipBlanks();
    if (pos_ >= text_.size() || text_[pos_] != c) return false;
    ++pos_;
    return true;
  }

  bool AtEnd() {
    SkipBlanks();
    return pos_ == text_.size();
  }

  bool Peek(char c) {
    SkipBlanks();
    return pos_ < text_.size() && text_[pos_] == c;
  }

  bool Item(Value* value, int depth) {
    if (depth > kDeepest) return false;
    if (Peek('"')) {
      value->is_string = true;
      return String(&value->text);
    }
    if (Peek('[')) return Array(value, depth);
    if (Peek('{')) return SkipObject(depth);
    const size_t end = text_.find_first_of(",]} \t\r\n", pos_);
    value->text = text_.substr(pos_, end == text_.npos ? text_.npos : end - pos_);
    pos_ += value->text.size();
    return !value->text.empty();
  }

  bool Array(Value* value, int depth) {
    Take('[');
    if (Take(']')) return true;
    do {
      Value item;
      if (!Item(&item, depth + 1)) return false;
      if (item.is_string) value->items.push_back(std::move(item.text));
    } while (Take(','));
    return Take(']');
  }

  bool SkipObject(int depth) {
    Take('{');
    if (Take('}')) return true;
    do {
      std::string key;
      Value value;
      if (!String(&key) || !Take(':') || !Item(&value, depth + 1)) return false;
    } while (Take(','));
    return Take('}');
  }

  bool String(std::string* out) {
    if (!Take('"')) return false;
    while (pos_ < text_.size() && text_[pos_] != '"') {
      if (text_[pos_] != '\\') {
        *out += text_[pos_++];
      } else if (!Escape(out)) {
        return false;
      }
    }
    return Take('"');
  }

  bool Escape(std::string* out) {
    if (pos_ + 1 >= text_.size()) return false;
    const char c = text_[pos_ + 1];
    pos_ += 2;
    constexpr std::string_view kNames = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
    const size_t which = kNames.find(c);
    if (which != kNames.npos) {
      *out += kBytes[which];
      return true;
    }
    return c == 'u' && Unicode(out);
  }

  // The writer escapes only control characters, so no surrogate pairs are expected.
  bool Unicode(std::string* out) {
    unsigned code = 0;
    const char* begin = text_.data() + pos_;
    if (pos_ + 4 > text_.size()) return false;
    const auto result = std::from_chars(begin, begin + 4, code, 16);
    if (result.ptr != begin + 4 || code >= 0x800) return false;
    pos_ += 4;
    if (code < 0x80) {
      *out += static_cast<char>(code);
    } else {
      *out += static_cast<char>(0xC0U | (code >> 6U));
      *out += static_cast<char>(0x80U | (code & 0x3FU));
    }
    return true;
  }

  std::string_view text_;
  size_t pos_ = 0;
};

Result<PositionText> PositionText::Parse(std::string_view text) {
  PositionText parsed;
  if (!Parser(text).Object(&parsed.values_)) {
    return Status::Corrupt("cannot read the position: " + std::string(text.substr(0, 200)));
  }
  return parsed;
}

std::string PositionText::String(std::string_view key) const {
  const auto at = values_.find(key);
  return at != values_.end() && at->second.is_string ? at->second.text : std::string();
}

uint64_t PositionText::Unsigned(std::string_view key, uint64_t otherwise) const {
  const auto at = values_.find(key);
  if (at == values_.end() || at->second.is_string) return otherwise;
  const std::string& text = at->second.text;
  uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = result.ec == std::errc() && result.ptr == text.data() + text.size();
  return whole ? value : otherwise;
}

bool PositionText::Bool(std::string_view key) const {
  const auto at = values_.find(key);
  return at != values_.end() && !at->second.is_string && at->second.text == "true";
}

std::vector<std::string> PositionText::Strings(std::string_view key) const {
  const auto at = values_.find(key);
  return at == values_.end() ? std::vector<std::string>() : at->second.items;
}

}  // namespace avocet
