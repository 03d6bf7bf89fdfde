// Reading parts of tables: which files may hold what is wanted, and their rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/lake/lake.h"

namespace avocet {

/// False when the statistics of the file say that it has no row of the device.
bool MayHoldDevice(const TableFile& file, const std::string& device);

/// False when the statistics of the file say that it has no row with from_us <= event_time < to_us.
bool MayHoldTimes(const TableFile& file, int64_t from_us, int64_t to_us);

/// Puts files into the order of their newest event time; first those of which it is not known.
void SortNewestFirst(std::vector<TableFile>* files);

/// Hands the rows of a file on, batch by batch.
template <typename OnBatch>
Status ForEachBatch(Table* table, const std::string& file, const std::vector<std::string>& columns,
                    const OnBatch& on_batch) {
  AVOCET_ASSIGN_OR_RETURN(const auto reader, table->Read(file, columns));
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
    if (view == nullptr) return Status::Ok();
    on_batch(*view);
  }
}

/// Empty for null.
inline std::string TextAt(const RecordBatchView& view, size_t column, size_t row) {
  return view.IsNull(column, row) ? std::string() : std::string(view.Bytes(column, row));
}

}  // namespace avocet
