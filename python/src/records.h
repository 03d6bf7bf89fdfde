// Records: the rows of an Arrow table as ticks of raw records.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "python/src/arrow_input.h"
#include "src/base/status.h"
#include "src/config/config.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// Consecutive rows of a table.
struct RecordTick {
  std::vector<RawBatch> batches;
  std::vector<int64_t> fleet_times_us;  ///< of all records; empty without such a column
};

struct RecordOptions {
  /// The column that holds whole records, as bronze has them; empty: each row is a record. Beside
  /// it `source`, `partition` and `offset` say where they came from, if they are there.
  std::string payload_column;
  /// Beside it: the newest event time of the fleet before the record. Empty: no such column.
  std::string fleet_time_column;
  /// A payload is not one record but holds many, as a file does: lines, JSON values or CSV. What
  /// its partition is called may tell which. Its offset is where it begins. Without fleet times.
  bool splits_payload = false;
  size_t tick_records = 0;
  int64_t first_offset = 0;  ///< of rows without an offset of their own
};

/// Hands the rows on in order, in ticks of `tick_records`. Returns how many there were.
Result<int64_t> ForEachTick(ArrowInput* input, const SchemaConfig& schema,
                            const RecordOptions& options,
                            const std::function<Status(const RecordTick&)>& process);

}  // namespace avocet
