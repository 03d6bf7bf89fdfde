// ColumnStream: batches of columns lent as an Arrow C stream.
#pragma once

#include <memory>
#include <vector>

#include "src/model/arrow_abi.h"
#include "src/model/column_batch.h"

namespace avocet {

/// Makes `*stream`, which the receiver releases, hand out `batches` in order. They live until the
/// last of them is released and must not change. REQUIRES: there is one, which gives the schema,
/// and all have the same columns.
void ExportStream(std::vector<std::shared_ptr<const ColumnBatch>> batches,
                  ArrowArrayStream* stream);

}  // namespace avocet
