// ArrowTranscriber: rows of Arrow tables to the JSON records that are decoded in their place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/model/arrow_column.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// What a record says is what the same row of a CSV file would say: column names as keys, nulls and
/// NaN as null, times as the schema writes them, structs as objects. Used by one thread.
class ArrowTranscriber {
 public:
  /// kInvalid when the data is no table, kUnsupported for a column that cannot be read.
  static Result<ArrowTranscriber> Make(const ArrowSchema& columns, const SchemaConfig& schema);

  /// Rows [begin, end) of `table` as records whose offsets go on from `first_offset`.
  RawBatch Transcribe(const ArrowArray& table, size_t begin, size_t end, int64_t first_offset);

 private:
  struct Field {
    std::string prefix;  // the key with all that stands between the value before and this one
    TimeFormat time_format = TimeFormat::kIso8601;
    std::vector<Field> members;  // of a struct
  };

  ArrowTranscriber() = default;
  static std::vector<Field> FieldsOf(const std::vector<ArrowColumn>& columns,
                                     const std::string& path, const SchemaConfig& schema);
  static void AppendObject(const std::vector<Field>& fields,
                           const std::vector<ArrowColumn>& columns, size_t row, std::string* json);
  static void AppendValue(const Field& field, const ArrowColumn& column, size_t row,
                          std::string* json);

  std::vector<ArrowColumn> columns_;
  std::vector<Field> fields_;
  std::string json_;
};

}  // namespace avocet
