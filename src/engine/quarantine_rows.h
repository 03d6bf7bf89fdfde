// The rows of quarantine, one at a time, and the keys by which some of them are removed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "src/lake/lake.h"
#include "src/model/column_batch.h"

namespace avocet {

/// One row. Texts are valid during the callback.
struct QuarantineRow {
  std::string_view payload, code, message, format, source, partition;
  int64_t position = -1;
  int64_t offset = 0;
  int64_t received_us = 0;
  int64_t epoch = 0;
  int64_t number = 0;  ///< from 0 among the rows of its epoch
  const TableFile* file = nullptr;

  /// "<epoch>-<number>": names the record until a row before it in the same epoch is removed.
  std::string Id() const;
};

/// Calls `on_row` for every row, oldest first, until it says false or an error.
using OnQuarantineRow = std::function<Result<bool>(const QuarantineRow&)>;
Status ReadQuarantine(Table* quarantine, const OnQuarantineRow& on_row);
/// The rows of one file, which need not be active.
Status ReadQuarantineFile(Table* quarantine, const TableFile& file, const OnQuarantineRow& on_row);

/// Breaks of a quality rule are in bronze too; other rows are nowhere else.
bool IsQualityCode(std::string_view code);

/// Keys for Table::Rewrite that tell every row from every other.
ColumnBatch QuarantineKeys();
void AppendQuarantineKey(const QuarantineRow& row, ColumnBatch* keys);

}  // namespace avocet
