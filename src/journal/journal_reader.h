// JournalReader: the durable records of a journal, in order, from any of them on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/journal/journal.h"
#include "src/journal/segment_reader.h"

namespace avocet {

/// An entry as it was appended, or records that are lost because their bytes are damaged.
struct JournalItem {
  uint64_t first_record = 0;
  uint32_t num_records = 0;
  std::string_view label;    ///< holds until the next call of Next
  std::string_view payload;  ///< likewise
  /// Not empty for lost records: one sentence with the file and the offset.
  std::string damage;
};

/// Owned by one thread; the journal must outlive it.
class JournalReader {
 public:
  /// Begins with the entry that holds `record`, or with the first after it.
  JournalReader(Journal* journal, uint64_t record) : journal_(journal), record_(record) {}

  /// Reads the next durable entry; false when there is none at the moment.
  Result<bool> Next(JournalItem* item);

  /// After the last item that was read.
  uint64_t record() const { return record_; }

 private:
  Status NextInSegment(JournalItem* item);
  void ReportLost(uint64_t end, uint64_t offset, JournalItem* item);

  Journal* const journal_;
  uint64_t record_;
  std::unique_ptr<SegmentReader> segment_;  // of the place below; null: to be opened
  Journal::Place place_;
};

}  // namespace avocet
