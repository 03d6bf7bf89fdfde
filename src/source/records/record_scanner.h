// RecordScanner: finds where a record ends in bytes that arrive in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "src/source/records/input_format.h"

namespace avocet {

/// Positions within the bytes given to FindEnd.
struct RecordEnd {
  size_t end = 0;   ///< behind the last byte of the record
  size_t next = 0;  ///< where whatever follows begins
};

/// Remembers how far it has looked into an unfinished record, so that no byte is looked at twice.
/// Owned by one thread.
class RecordScanner {
 public:
  /// `row_bytes_max`: a CSV row longer than this ends at the next line end even inside quotes, so
  /// that one quote that is never closed does not swallow the rest of the file.
  explicit RecordScanner(uint64_t row_bytes_max) : row_bytes_max_(row_bytes_max) {}

  void set_format(InputFormat format, char delimiter) {
    format_ = format;
    delimiter_ = delimiter;
  }

  /// `bytes` begins with what Drop has left of the present record, and goes on beyond what the last
  /// call saw. False: its end is not there yet. True: found, and the next call is for a new record.
  /// The line end is no part of a record, neither is a carriage return before it.
  bool FindEnd(std::string_view bytes, RecordEnd* found);

  /// The first `size` bytes, all looked at already, will not be given again.
  void Drop(size_t size);

 private:
  enum class Row : uint8_t { kFieldStart, kPlain, kQuoted, kQuoteInQuoted };
  enum class Value : uint8_t { kStart, kNested, kString, kScalar };

  bool FindLine(std::string_view bytes, RecordEnd* found);
  bool FindRow(std::string_view bytes, RecordEnd* found);
  bool FindQuotedRow(std::string_view bytes, RecordEnd* found);
  bool FindValue(std::string_view bytes, RecordEnd* found);
  void StartValue(char first);
  bool EndAtLine(std::string_view bytes, size_t line_end, RecordEnd* found);
  bool Done();

  uint64_t row_bytes_max_;
  InputFormat format_ = InputFormat::kLines;
  char delimiter_ = ',';
  size_t scanned_ = 0;    // bytes of the present record looked at, without the dropped ones
  uint64_t dropped_ = 0;  // bytes of the present record dropped
  Row row_ = Row::kFieldStart;
  Value value_ = Value::kStart;
  bool in_string_ = false;
  bool escaped_ = false;
  uint64_t depth_ = 0;
};

}  // namespace avocet
