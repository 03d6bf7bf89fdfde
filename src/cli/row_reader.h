// RowReader: CSV rows as JSON, header after header.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/decode/csv_transcriber.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// For ReplayOptions::row_to_json. Copies share nothing. Owned by one thread.
class RowReader {
 public:
  /// `text_field`: the column that stays text even where it looks like a number.
  explicit RowReader(std::string text_field, bool decimal_comma = false)
      : text_field_(std::move(text_field)), decimal_comma_(decimal_comma) {}

  std::optional<std::string> operator()(const RawBatch& batch, const RawRecord& record) {
    if (header_ != batch.csv_header) {
      header_ = batch.csv_header;
      csv_.SetHeader(
          *header_, batch.csv_delimiter,
          [this](std::string_view key) { return key == text_field_; }, decimal_comma_);
    }
    std::string json;
    Rejection why;
    if (!csv_.Transcribe(batch.Bytes(record), &json, &why)) return std::nullopt;
    return json;
  }

 private:
  std::string text_field_;
  bool decimal_comma_;
  std::shared_ptr<const std::vector<std::string>> header_;
  CsvTranscriber csv_;
};

}  // namespace avocet
