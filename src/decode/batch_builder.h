// BatchBuilder: writes decoded rows and rejected records into a ReadingBatch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "src/decode/reject_codes.h"
#include "src/model/raw_batch.h"
#include "src/model/reading_batch.h"

namespace avocet {

/// Fills one batch, then Finish. Columns have room for all rows from the start, so that adding one
/// allocates nothing.
class BatchBuilder {
 public:
  /// Clears `*out`, which is borrowed. `raw` and `format` are borrowed, too.
  BatchBuilder(const RawBatch& raw, std::string_view format, size_t max_rows, size_t num_metrics,
               ReadingBatch* out);

  /// `device` and `payload` stay valid as long as the batch. REQUIRES: fewer rows than max_rows.
  void AddRow(std::string_view device, int64_t event_time_us, std::string_view payload,
              int64_t offset, std::span<const double> metrics);
  void AddRejected(std::string_view payload, int64_t offset, const Rejection& why);
  void AddSourceRejects();

  /// A copy of `text` that lives as long as the batch.
  std::string_view Keep(std::string_view text);

  /// Cuts the columns to the rows added.
  void Finish();

 private:
  const RawBatch& raw_;
  std::string_view format_;
  ReadingBatch& out_;
  size_t rows_ = 0;
  char* free_ = nullptr;  // the unused end of the last of extra_bytes
  size_t free_bytes_ = 0;
};

}  // namespace avocet
