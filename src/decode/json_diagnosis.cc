#include "src/decode/json_diagnosis.h"

#include <array>
#include <string>
#include <utility>

#include "src/base/utf8.h"
#include "src/decode/json_text.h"

namespace avocet {

namespace {

Rejection Reject(RejectReason reason, std::string message, size_t position) {
  return {reason, std::move(message), static_cast<int64_t>(position)};
}

// A scanner without recursion: one state, and the open brackets.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<Rejection> Run() {
    SkipSpace();
    const bool is_object = at_ < text_.size() && text_[at_] == '{';
    const size_t begin = at_;
    if (!ScanValue()) return problem_;
    while (depth_ > 0) {
      if (!ScanNext()) return problem_;
    }
    SkipSpace();
    if (at_ < text_.size()) {
      return Reject(RejectReason::kTrailingContent, "more text follows the record's value", at_);
    }
    if (!is_object) {
      return Reject(RejectReason::kNotAnObject, "the record is JSON but no object", begin);
    }
    return std::nullopt;
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && IsJsonSpace(text_[at_])) ++at_;
  }

  bool Fail(RejectReason reason, std::string message, size_t position) {
    problem_ = Reject(reason, std::move(message), position);
    return false;
  }

  bool FailExpected(const char* what) {
    if (at_ >= text_.size()) {
      return Fail(RejectReason::kTruncated,
                  std::string("the record ends where ") + what + " belongs", at_);
    }
    return Fail(RejectReason::kInvalidJson,
                std::string("expected ") + what + ", found " + QuotedForMessage(Word()), at_);
  }

  // What stands at the position, for messages.
  std::string_view Word() const {
    size_t end = at_ + 1;
    while (end < text_.size() &&
           std::string_view(" \t\r\n,:{}[]\"").find(text_[end]) == std::string_view::npos) {
      ++end;
    }
    return text_.substr(at_, end - at_);
  }

  // A scalar, or the start of an array or object up to its first value.
  bool ScanValue() {
    SkipSpace();
    if (at_ >= text_.size()) return FailExpected("a value");
    const char c = text_[at_];
    if (c == '{' || c == '[') return Open(c);
    if (c == '"') return ScanString("a string");
    if (c == '-' || (c >= '0' && c <= '9')) return ScanNumber();
    for (const std::string_view literal : {"true", "false", "null"}) {
      const std::string_view rest = text_.substr(at_, literal.size());
      if (rest == literal) {
        at_ += literal.size();
        return true;
      }
      if (rest == literal.substr(0, rest.size())) {
        return Fail(RejectReason::kTruncated, "the record ends inside a literal", text_.size());
      }
    }
    return FailExpected("a value");
  }

  bool Open(char bracket) {
    if (depth_ == kMaxJsonDepth) {
      return Fail(RejectReason::kTooDeep, "arrays and objects are nested in more than 64 levels",
                  at_);
    }
    open_[depth_++] = bracket;
    ++at_;
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == Close(bracket)) {
      ++at_;
      --depth_;
      return true;
    }
    return bracket == '{' ? ScanKeyAndValue() : ScanValue();
  }

  static char Close(char bracket) { return bracket == '{' ? '}' : ']'; }

  // What may follow a value inside an array or object.
  bool ScanNext() {
    SkipSpace();
    const char bracket = open_[depth_ - 1];
    if (at_ < text_.size() && text_[at_] == Close(bracket)) {
      ++at_;
      --depth_;
      return true;
    }
    if (at_ >= text_.size() || text_[at_] != ',') {
      return FailExpected(bracket == '{' ? "\",\" or \"}\"" : "\",\" or \"]\"");
    }
    ++at_;
    return bracket == '{' ? ScanKeyAndValue() : ScanValue();
  }

  bool ScanKeyAndValue() {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != '"') return FailExpected("a key in quotes");
    if (!ScanString("a key")) return false;
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != ':') return FailExpected("\":\"");
    ++at_;
    return ScanValue();
  }

  bool ScanString(const char* what) {
    const size_t begin = ++at_;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return Fail(RejectReason::kInvalidJson,
                    std::string(what) + " has a control character that is not escaped", at_);
      }
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ >= text_.size()) {
      return Fail(RejectReason::kTruncated, std::string("the record ends inside ") + what,
                  text_.size());
    }
    const size_t bad = FindBadEscape(text_.substr(begin, at_ - begin));
    if (bad != std::string_view::npos) {
      return Fail(RejectReason::kInvalidJson, std::string(what) + " has a wrong escape sequence",
                  begin + bad);
    }
    ++at_;
    return true;
  }

  bool ScanNumber() {
    const std::string_view rest = text_.substr(at_);
    const size_t end = rest.find_first_not_of("+-.0123456789eE");
    const size_t size = JsonNumberSize(rest);
    if (size > 0 && (end == std::string_view::npos ? size == rest.size() : size == end)) {
      at_ += size;
      return true;
    }
    if (end == std::string_view::npos) {
      return Fail(RejectReason::kTruncated, "the record ends inside a number", text_.size());
    }
    return Fail(RejectReason::kInvalidJson, QuotedForMessage(Word()) + " is no number", at_);
  }

  std::string_view text_;
  size_t at_ = 0;
  std::array<char, kMaxJsonDepth> open_{};
  size_t depth_ = 0;
  std::optional<Rejection> problem_;
};

}  // namespace

std::optional<Rejection> DiagnoseBytes(std::string_view record) {
  const size_t nul = record.find('\0');
  if (nul != std::string_view::npos) {
    return Reject(RejectReason::kNulByte, "the record has a NUL byte", nul);
  }
  if (IsValidUtf8(record)) return std::nullopt;
  for (size_t at = 0; at < record.size();) {
    const Utf8Sequence sequence = FirstUtf8Sequence(record.substr(at));
    if (!sequence.is_valid) {
      return Reject(RejectReason::kInvalidUtf8, "the record has a byte that is not UTF-8", at);
    }
    at += sequence.size_bytes;
  }
  return std::nullopt;
}

std::optional<Rejection> DiagnoseJson(std::string_view record) {
  if (auto problem = DiagnoseBytes(record)) return problem;
  return Scanner(record).Run();
}

}  // namespace avocet
