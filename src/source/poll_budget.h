// PollBudget: what one Poll of a source may still deliver, and what it has delivered.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/model/raw_batch.h"
#include "src/source/records/record_splitter.h"
#include "src/source/source.h"

namespace avocet {

class PollBudget {
 public:
  PollBudget() = default;
  explicit PollBudget(const PollLimits& limits)
      : max_records_(std::max<size_t>(limits.max_records, 1)),
        max_bytes_(std::max<size_t>(limits.max_bytes, 1)) {}

  /// REQUIRES: not full.
  RecordSplitter::Limits left() const { return {max_records_ - records_, max_bytes_ - bytes_}; }
  bool full() const { return records_ >= max_records_ || bytes_ >= max_bytes_; }
  size_t records() const { return records_; }

  /// Appends the batch to `out`; false, and nothing, when there is nothing in it.
  bool Deliver(RawBatch batch, std::vector<RawBatch>* out) {
    if (batch.records.empty() && batch.rejects.empty() && batch.empty_records == 0) return false;
    records_ += batch.records.size() + batch.rejects.size();
    for (const RawRecord& record : batch.records) bytes_ += record.size;
    out->push_back(std::move(batch));
    return true;
  }

 private:
  size_t max_records_ = 1;
  size_t max_bytes_ = 1;
  size_t records_ = 0;  // rejected ones among them
  size_t bytes_ = 0;
};

}  // namespace avocet
