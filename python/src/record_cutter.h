// RecordCutter: records, judged one by one, to those of each part of a fleet.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/decode/decoder.h"
#include "src/engine/epoch.h"
#include "src/engine/table_layout.h"
#include "src/model/column_batch.h"
#include "src/model/reading_batch.h"

namespace avocet {

/// Decodes records, so that the part that has their device is known. Keeps no state of devices:
/// what came before, and what breaks a quality rule, is for the part to say. Any thread of Python;
/// one at a time gets in, without the GIL.
class RecordCutter {
 public:
  /// `parts`: how many there are. `now_us`: by which readings of the future are told.
  RecordCutter(Config config, size_t parts, int64_t now_us);

  /// Takes rows with a column `payload`, and possibly `source`, `partition` and `offset`. `splits`:
  /// a payload is not a record but holds many, as a file does; its offset is where it begins.
  void Feed(nanobind::handle capsules, bool splits);

  /// What was found since, in the order of arrival:
  /// - "parts": {part: table} of records, with their places, the stretch that they are in, their
  ///   number there, and the newest event time before them there;
  /// - "stretches": of each stretch of consecutive records of one partition a tuple of its source,
  ///   its partition, how many records it has, their newest event time, and its steps: as
  ///   avocet.spark's Run has them, counted from its first record;
  /// - "refused": a table of quarantine.
  /// An offset below zero is not known.
  nanobind::dict Take();

 private:
  struct Step {
    int64_t number, before_us, after_us;
  };
  struct Stretch {
    std::string source, partition;
    int64_t records = 0;
    int64_t newest_us;
    std::vector<Step> steps;
  };
  using Batches = std::vector<std::shared_ptr<ColumnBatch>>;

  void TakeBatch(const RawBatch& batch);
  void TakeReadings();
  ColumnBatch* BatchOf(std::string_view device);

  const Config config_;
  const TableLayout layout_;
  const std::vector<std::string> metrics_;
  const int64_t now_us_;
  std::mutex mutex_;
  const std::unique_ptr<Decoder> decoder_;  // guarded by mutex_
  ReadingBatch readings_;                   // guarded by mutex_; of the batch in work
  std::vector<Batches> parts_;              // guarded by mutex_
  std::vector<Stretch> stretches_;          // guarded by mutex_
  std::unique_ptr<Epoch> refused_;          // guarded by mutex_; its quarantine alone
};

void BindRecordCutter(nanobind::module_* module);

}  // namespace avocet
