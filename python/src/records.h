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

struct RecordOptions {
  /// The column that holds whole records, as bronze has them; empty: each row is a record. Beside
  /// it `source`, `partition` and `offset` say where they came from, if they are there.
  std::string payload_column;
  size_t tick_records = 0;
  int64_t first_offset = 0;  ///< of rows without an offset of their own
};

/// Hands the rows on in order, in ticks of `tick_records`. Returns how many there were.
Result<int64_t> ForEachTick(ArrowInput* input, const SchemaConfig& schema,
                            const RecordOptions& options,
                            const std::function<Status(const std::vector<RawBatch>&)>& process);

}  // namespace avocet
