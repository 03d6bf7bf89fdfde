// RecordSplitter: cuts a stream of bytes into the records of a RawBatch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/raw_batch.h"
#include "src/source/records/input_format.h"
#include "src/source/records/record_scanner.h"

namespace avocet {

/// All that is needed to go on between two records.
struct SplitPosition {
  uint64_t offset = 0;  ///< bytes of the (decompressed) stream before the next record
  InputFormat format = InputFormat::kUnknown;
  bool in_array = false;                                   ///< kJson: inside a top-level array
  char delimiter = ',';                                    ///< kCsv
  std::shared_ptr<const std::vector<std::string>> header;  ///< kCsv; null until it has been read
};

struct SplitOptions {
  InputFormat format = InputFormat::kUnknown;  ///< kUnknown: detected
  InputFormat hint = InputFormat::kUnknown;    ///< for the detection
  size_t max_record_bytes = size_t{1} << 20;
};

/// Records longer than `max_record_bytes` become rejects and are never held in memory. A byte order
/// mark is skipped. The result does not depend on how the stream is cut into pieces. Owned by one
/// thread.
class RecordSplitter {
 public:
  struct Limits {
    size_t max_records = SIZE_MAX;
    size_t max_bytes = SIZE_MAX;  ///< stop after the record that reaches it
  };
  struct Progress {
    size_t consumed = 0;   ///< bytes that are done with
    bool starved = false;  ///< stopped for want of bytes, not because of a limit
  };

  /// So many bytes of a record that is too long, or damaged, are kept.
  static constexpr size_t kRejectBytes = 4096;

  RecordSplitter(const SplitOptions& options, const SplitPosition& start);

  /// Appends the records in `bytes`: whatever the last call did not consume, and what follows.
  /// They stand in the batch's block from `block_begin` on. `at_end`: nothing follows; what is left
  /// is a record.
  Progress Split(std::string_view bytes, size_t block_begin, bool at_end, const Limits& limits,
                 RawBatch* batch);

  /// Sets the format of the records in `batch`.
  void Describe(RawBatch* batch) const;

  /// Part of a record that is too long has been consumed.
  bool in_record() const { return long_bytes_ > 0; }

  /// After the last record that was delivered.
  const SplitPosition& position() const { return position_; }

 private:
  struct Piece {
    std::string_view bytes;
    size_t block_begin = 0;
    bool at_end = false;
  };

  bool Prepare(const Piece& piece, size_t* pos);
  bool SkipByteOrderMark(const Piece& piece, size_t* pos);
  bool ReadHeader(const Piece& piece, size_t* pos);
  bool SkipSeparators(std::string_view bytes, size_t* pos);
  bool TakeRecord(const Piece& piece, size_t* pos, RawBatch* batch);
  bool FindRecord(const Piece& piece, size_t pos, RecordEnd* found);
  void SkipPartOfLongRecord(const Piece& piece, size_t* pos);
  void Deliver(const Piece& piece, size_t pos, const RecordEnd& found, RawBatch* batch);
  void KeepPrefix(std::string_view bytes);
  void Advance(size_t size) { stream_offset_ += size; }

  SplitOptions options_;
  SplitPosition position_;
  RecordScanner scanner_;
  uint64_t stream_offset_;  // of the first byte that is not consumed
  // A record that is too long, while its rest is skipped.
  uint64_t long_bytes_ = 0;  // skipped so far, 0: there is none
  bool long_ends_in_return_ = false;
  std::string long_prefix_;
};

}  // namespace avocet
