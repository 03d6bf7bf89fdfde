// Rows of what detectors made of each reading, as a table.
#pragma once

#include "src/engine/detection_run.h"
#include "src/model/column_batch.h"
#include "src/model/table_spec.h"

namespace avocet {

/// Columns device_id, event_time, metric, value, expected, lower, upper, score, severity, type,
/// onset. What is unknown is null.
TableSpec ScoredSpec();

/// REQUIRES: `out` has the columns of ScoredSpec.
void AppendScored(const ScoredReading& reading, ColumnBatch* out);

}  // namespace avocet
