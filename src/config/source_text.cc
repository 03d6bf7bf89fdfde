#include "src/config/source_text.h"

#include <algorithm>

#include "src/base/utf8.h"

namespace avocet {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

SourceText::SourceText(std::string_view raw) {
  if (raw.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    raw.remove_prefix(kByteOrderMark.size());
  }
  text_.reserve(raw.size());
  line_begins_.push_back(0);
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '\r') {
      if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
      c = '\n';
    }
    text_.push_back(c);
    if (c == '\n') line_begins_.push_back(text_.size());
  }
}

Mark SourceText::MarkAt(size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const size_t begin = *(next - 1);
  int column = 1;
  for (size_t i = begin; i < offset; ++i) {
    if (!IsContinuation(text_[i])) ++column;
  }
  return {static_cast<int>(next - line_begins_.begin()), column};
}

std::string_view SourceText::Line(int line) const {
  if (line < 1 || line > num_lines()) return {};
  const auto index = static_cast<size_t>(line - 1);
  const size_t begin = line_begins_[index];
  const size_t end = index + 1 < line_begins_.size() ? line_begins_[index + 1] - 1 : text_.size();
  return std::string_view(text_).substr(begin, end - begin);
}

size_t SourceText::FindBadByte() const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const Utf8Sequence sequence = FirstUtf8Sequence(rest);
    const auto c = static_cast<unsigned char>(rest[0]);
    const bool control = (c < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
    if (!sequence.is_valid || control) return text_.size() - rest.size();
    rest.remove_prefix(sequence.size_bytes);
  }
  return std::string::npos;
}

}  // namespace avocet
