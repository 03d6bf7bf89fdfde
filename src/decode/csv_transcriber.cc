#include "src/decode/csv_transcriber.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/base/csv_text.h"
#include "src/base/json_writer.h"
#include "src/decode/json_diagnosis.h"
#include "src/decode/json_text.h"

namespace avocet {

namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

bool IsAscii(std::string_view text) {
  unsigned char bits = 0;
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

}  // namespace

void CsvTranscriber::SetHeader(const std::vector<std::string>& header, char delimiter,
                               const std::function<bool(std::string_view)>& is_text,
                               bool decimal_comma) {
  delimiter_ = delimiter;
  decimal_comma_ = decimal_comma;
  columns_.clear();
  header_line_.clear();
  for (size_t i = 0; i < header.size(); ++i) {
    Column column;
    column.prefix.push_back(i == 0 ? '{' : ',');
    AppendJsonString(header[i], &column.prefix);
    column.prefix.push_back(':');
    column.is_text = is_text(header[i]);
    columns_.push_back(std::move(column));
    if (i > 0) header_line_.push_back(delimiter);
    AppendCsvField(header[i], delimiter, &header_line_);
  }
}

bool CsvTranscriber::Transcribe(std::string_view row, std::string* json, Rejection* why) {
  const bool may_be_bad = !IsAscii(row) || row.find('\0') != std::string_view::npos;
  if (may_be_bad) {
    if (auto problem = DiagnoseBytes(row)) {
      *why = *std::move(problem);
      return false;
    }
  }
  json->clear();
  size_t fields = 0;
  size_t at = 0;
  for (bool is_last = false; !is_last; ++fields) {
    std::string_view field;
    if (!TakeField(row, &at, &field, why)) return false;
    is_last = at == row.size();
    ++at;  // the delimiter
    if (fields < columns_.size()) AppendValue(columns_[fields], field, json);
  }
  if (fields != columns_.size()) {
    *why = {RejectReason::kWrongFieldCount,
            "the row has " + std::to_string(fields) + " fields, the header has " +
                std::to_string(columns_.size()),
            -1};
    return false;
  }
  json->push_back('}');
  return true;
}

// The field that begins at `*at`; moves there to the delimiter behind it, or the end of the row.
bool CsvTranscriber::TakeField(std::string_view row, size_t* at, std::string_view* field,
                               Rejection* why) {
  if (*at >= row.size() || row[*at] != '"') {
    const size_t end = std::min(row.find(delimiter_, *at), row.size());
    *field = row.substr(*at, end - *at);
    *at = end;
    return true;
  }
  unquoted_.clear();
  size_t begin = *at + 1;
  for (;;) {
    const size_t quote = row.find('"', begin);
    if (quote == std::string_view::npos) {
      *why = {RejectReason::kTruncated, "the row ends inside a quoted field",
              static_cast<int64_t>(row.size())};
      return false;
    }
    const bool is_escaped = quote + 1 < row.size() && row[quote + 1] == '"';
    unquoted_.append(row.substr(begin, quote - begin + (is_escaped ? 1 : 0)));
    begin = quote + (is_escaped ? 2 : 1);
    if (!is_escaped) break;
  }
  if (begin < row.size() && row[begin] != delimiter_) {
    *why = {RejectReason::kInvalidCsv,
            "text follows the closing quote of a field: " + QuotedForMessage(row.substr(begin)),
            static_cast<int64_t>(begin)};
    return false;
  }
  *field = unquoted_;
  *at = begin;
  return true;
}

// Sets `*number` to what JSON writes for it; valid until the next call.
bool CsvTranscriber::IsNumber(std::string_view field, std::string_view* number) {
  *number = field;
  if (decimal_comma_) {
    if (field.find('.') != std::string_view::npos) return false;
    if (field.find(',') != std::string_view::npos) {
      with_dot_ = field;
      std::replace(with_dot_.begin(), with_dot_.end(), ',', '.');
      *number = with_dot_;
    }
  }
  return IsJsonNumber(*number);
}

void CsvTranscriber::AppendValue(const Column& column, std::string_view field, std::string* json) {
  json->append(column.prefix);
  std::string_view number;
  if (field.empty()) {
    json->append("null");
  } else if (!column.is_text && IsNumber(field, &number)) {
    json->append(number);
  } else if (std::none_of(field.begin(), field.end(), NeedsEscape)) {
    json->push_back('"');
    json->append(field);
    json->push_back('"');
  } else {
    AppendJsonString(field, json);
  }
}

}  // namespace avocet
