// BronzeReader: the records of bronze in arrival order, as raw batches per epoch.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "src/lake/lake.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// Calls `on_batches` with consecutive records of one epoch (several calls per epoch when it is
/// large), for all rows with epoch > `after_epoch` in arrival order. Stops at the first error.
/// `received_us` is that of the records.
using OnBronze =
    std::function<Status(int64_t epoch, int64_t received_us, const std::vector<RawBatch>& batches)>;
Status ReadBronze(Table* bronze, int64_t after_epoch, const OnBronze& on_batches);

}  // namespace avocet
