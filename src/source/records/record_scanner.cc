#include "src/source/records/record_scanner.h"

#include <array>
#include <cstring>

#include "src/base/check.h"

namespace avocet {
namespace {

constexpr std::array<bool, 256> BytesOf(std::string_view members) {
  std::array<bool, 256> table{};
  for (const char c : members) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr auto kStructure = BytesOf("{}[]\"");
constexpr auto kInString = BytesOf("\"\\");
constexpr auto kAfterScalar = BytesOf(" \t\r\n,{}[]\"");

bool Has(const std::array<bool, 256>& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

// The first `c` in bytes[from, to), or `to`.
size_t Find(std::string_view bytes, char c, size_t from, size_t to) {
  if (from >= to) return to;
  const void* at = std::memchr(bytes.data() + from, c, to - from);
  return at == nullptr ? to : static_cast<size_t>(static_cast<const char*>(at) - bytes.data());
}

}  // namespace

bool RecordScanner::FindEnd(std::string_view bytes, RecordEnd* found) {
  switch (format_) {
    case InputFormat::kCsv:
      return FindRow(bytes, found);
    case InputFormat::kJson:
      return FindValue(bytes, found);
    case InputFormat::kLines:
    case InputFormat::kUnknown:
      break;
  }
  return FindLine(bytes, found);
}

void RecordScanner::Drop(size_t size) {
  AVOCET_CHECK(size <= scanned_);
  scanned_ -= size;
  dropped_ += size;
}

bool RecordScanner::Done() {
  scanned_ = 0;
  dropped_ = 0;
  row_ = Row::kFieldStart;
  value_ = Value::kStart;
  in_string_ = false;
  escaped_ = false;
  depth_ = 0;
  return true;
}

bool RecordScanner::EndAtLine(std::string_view bytes, size_t line_end, RecordEnd* found) {
  found->next = line_end + 1;
  found->end = line_end > 0 && bytes[line_end - 1] == '\r' ? line_end - 1 : line_end;
  return Done();
}

bool RecordScanner::FindLine(std::string_view bytes, RecordEnd* found) {
  const size_t line_end = Find(bytes, '\n', scanned_, bytes.size());
  if (line_end < bytes.size()) return EndAtLine(bytes, line_end, found);
  scanned_ = bytes.size();
  return false;
}

bool RecordScanner::FindRow(std::string_view bytes, RecordEnd* found) {
  if (row_ == Row::kFieldStart || row_ == Row::kPlain) {
    const size_t line_end = Find(bytes, '\n', scanned_, bytes.size());
    if (Find(bytes, '"', scanned_, line_end) == line_end) {
      if (line_end < bytes.size()) return EndAtLine(bytes, line_end, found);
      if (bytes.size() > scanned_) {
        row_ = bytes.back() == delimiter_ ? Row::kFieldStart : Row::kPlain;
      }
      scanned_ = bytes.size();
      return false;
    }
  }
  return FindQuotedRow(bytes, found);
}

bool RecordScanner::FindQuotedRow(std::string_view bytes, RecordEnd* found) {
  for (size_t i = scanned_; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\n' && (row_ != Row::kQuoted || dropped_ + i > row_bytes_max_)) {
      return EndAtLine(bytes, i, found);
    }
    switch (row_) {
      case Row::kFieldStart:
        if (c != delimiter_) row_ = c == '"' ? Row::kQuoted : Row::kPlain;
        break;
      case Row::kPlain:
        if (c == delimiter_) row_ = Row::kFieldStart;
        break;
      case Row::kQuoted:
        if (c == '"') row_ = Row::kQuoteInQuoted;
        break;
      case Row::kQuoteInQuoted:
        if (c == '"') {
          row_ = Row::kQuoted;
        } else {
          row_ = c == delimiter_ ? Row::kFieldStart : Row::kPlain;
        }
        break;
    }
  }
  scanned_ = bytes.size();
  return false;
}

void RecordScanner::StartValue(char first) {
  if (first == '{' || first == '[') {
    value_ = Value::kNested;
    depth_ = 1;
  } else if (first == '"') {
    value_ = Value::kString;
    in_string_ = true;
  } else {
    value_ = Value::kScalar;
  }
  scanned_ = 1;
}

// REQUIRES: the first byte of a value is no blank.
bool RecordScanner::FindValue(std::string_view bytes, RecordEnd* found) {
  if (bytes.size() == scanned_) return false;
  if (value_ == Value::kStart) StartValue(bytes[0]);
  while (scanned_ < bytes.size()) {
    const char c = bytes[scanned_];
    if (value_ == Value::kScalar) {
      if (Has(kAfterScalar, c)) {
        *found = {scanned_, scanned_};
        return Done();
      }
      ++scanned_;
    } else if (in_string_) {
      if (escaped_ || !Has(kInString, c)) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else {
        in_string_ = false;
      }
      ++scanned_;
      if (value_ == Value::kString && !in_string_) {
        *found = {scanned_, scanned_};
        return Done();
      }
    } else {
      ++scanned_;
      if (!Has(kStructure, c)) continue;
      if (c == '"') {
        in_string_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if (--depth_ == 0) {
        *found = {scanned_, scanned_};
        return Done();
      }
    }
  }
  return false;
}

}  // namespace avocet
