#include "src/decode/json_members.h"

#include <cstddef>

#include "src/decode/json_text.h"
#include "src/model/metric_name.h"

namespace avocet {
namespace {

std::string Unescaped(std::string_view body) {
  std::string text;
  if (FindBadEscape(body) == std::string_view::npos) AppendUnescaped(body, &text);
  return text;
}

/// Walks over JSON text without a tree. Nesting is counted, not recursed into.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Take(char c) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }

  /// The text of a string between its quotes.
  bool TakeString(std::string_view* body) {
    SkipSpace();
    const size_t begin = at_;
    if (!SkipString()) return false;
    *body = text_.substr(begin + 1, at_ - begin - 2);
    return true;
  }

  bool TakeValue(std::string_view* value) {
    SkipSpace();
    const size_t begin = at_;
    if (at_ == text_.size()) return false;
    const char first = text_[at_];
    const bool ok = first == '"'                   ? SkipString()
                    : first == '{' || first == '[' ? SkipNested()
                                                   : SkipWord();
    *value = text_.substr(begin, at_ - begin);
    return ok;
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && IsJsonSpace(text_[at_])) ++at_;
  }

  bool SkipString() {
    if (at_ == text_.size() || text_[at_] != '"') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] == '\\' && ++at_ == text_.size()) return false;
    }
    return false;
  }

  bool SkipNested() {
    size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!SkipString()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }

  bool SkipWord() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
           !IsJsonSpace(text_[at_])) {
      ++at_;
    }
    return at_ > begin;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::optional<JsonMember> FindBelow(const JsonMember& member, std::string_view path) {
  const auto members = SplitJsonObject(member.value);
  if (!members.has_value()) return std::nullopt;
  const size_t dot = path.find('.');
  for (const JsonMember& inner : *members) {
    if (inner.Key() != path.substr(0, dot)) continue;
    return dot == std::string_view::npos ? inner : FindBelow(inner, path.substr(dot + 1));
  }
  return std::nullopt;
}

}  // namespace

std::string JsonMember::Key() const { return Unescaped(key); }

std::string JsonMember::Text() const {
  return is_string() ? Unescaped(value.substr(1, value.size() - 2)) : std::string(value);
}

std::optional<std::vector<JsonMember>> SplitJsonObject(std::string_view object) {
  Scanner scanner(object);
  std::vector<JsonMember> members;
  if (!scanner.Take('{')) return std::nullopt;
  if (scanner.Take('}')) return scanner.AtEnd() ? std::optional(members) : std::nullopt;
  do {
    JsonMember member;
    if (!scanner.TakeString(&member.key) || !scanner.Take(':') ||
        !scanner.TakeValue(&member.value)) {
      return std::nullopt;
    }
    members.push_back(member);
  } while (scanner.Take(','));
  if (!scanner.Take('}') || !scanner.AtEnd()) return std::nullopt;
  return members;
}

std::optional<JsonMember> FindMember(const std::vector<JsonMember>& members, std::string_view path,
                                     size_t* top) {
  const size_t dot = path.find('.');
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].Key() != path.substr(0, dot)) continue;
    *top = i;
    if (dot == std::string_view::npos) return members[i];
    if (auto found = FindBelow(members[i], path.substr(dot + 1))) return found;
  }
  for (size_t i = 0; i < members.size(); ++i) {
    *top = i;
    if (members[i].Key() == path) return members[i];
  }
  for (size_t i = 0; i < members.size(); ++i) {
    *top = i;
    if (NormalizeMetricName(members[i].Key()) == path) return members[i];
  }
  return std::nullopt;
}

}  // namespace avocet
