// CsvTranscriber: CSV rows to the JSON objects that are stored and decoded in their place.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/decode/reject_codes.h"

namespace avocet {

/// Quoting is that of RFC 4180: a field that begins with a quote ends with one, and two quotes
/// inside stand for one. A quote elsewhere is an ordinary character. Used by one thread.
class CsvTranscriber {
 public:
  /// The columns of the rows to come. The fields of `is_text` columns stay strings even when they
  /// look like numbers. With `decimal_comma` numbers are written "37,5", and "37.5" is none.
  void SetHeader(const std::vector<std::string>& header, char delimiter,
                 const std::function<bool(std::string_view)>& is_text, bool decimal_comma = false);

  /// Sets `*json` to `row` as one line: header names as keys, JSON numbers as they are, empty
  /// fields as null, and everything else as strings. False: `*why` has the reason, with positions
  /// in `row`.
  bool Transcribe(std::string_view row, std::string* json, Rejection* why);

  /// The header as one CSV row.
  const std::string& header_line() const { return header_line_; }

 private:
  struct Column {
    std::string prefix;  // the key with all that stands between the value before and this one
    bool is_text = false;
  };

  bool TakeField(std::string_view row, size_t* at, std::string_view* field, Rejection* why);
  void AppendValue(const Column& column, std::string_view field, std::string* json);
  bool IsNumber(std::string_view field, std::string_view* number);

  std::vector<Column> columns_;
  char delimiter_ = ',';
  bool decimal_comma_ = false;
  std::string header_line_;
  std::string unquoted_;
  std::string with_dot_;
};

}  // namespace avocet
