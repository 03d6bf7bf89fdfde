// StreamReader: reads a byte stream in blocks and cuts it into batches of records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/model/raw_batch.h"
#include "src/source/records/block_pool.h"
#include "src/source/records/byte_stream.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

enum class ReadState {
  kMore,  ///< call again: more may be ready
  kDry,   ///< nothing more at the moment
  kEnd,   ///< nothing more will come
};

/// Records are slices of the blocks that were read; only the unfinished record at the end of a
/// block is copied into the next one. Owned by one thread.
class StreamReader {
 public:
  /// `skip`: so many bytes at the beginning of `stream` are read and thrown away (a compressed
  /// stream cannot be entered in the middle). `fill_blocks`: read until a block is full or the
  /// stream is dry, rather than delivering after every read. Borrows `pool`.
  StreamReader(ByteStream stream, BlockPool* pool, const SplitOptions& options,
               const SplitPosition& start, uint64_t skip, bool fill_blocks);

  /// Appends records to `batch`, an empty one whose source and partition are set. Does a bounded
  /// amount of work, so kMore may come with an empty batch. `at_end`: bytes that are not there will
  /// never come. Errors are those of reading; damaged compression is no error but a reject and the
  /// end.
  Result<ReadState> Read(const RecordSplitter::Limits& limits, bool at_end, RawBatch* batch);

  /// After the last record that was delivered.
  const SplitPosition& position() const { return splitter_.position(); }
  /// Raw bytes taken from the outside.
  uint64_t raw_bytes() const { return stream_.raw_bytes(); }
  bool compressed() const;
  /// The compressed data was damaged; the reject for it has been delivered.
  bool damaged() const { return damaged_; }
  /// The stream ended before the bytes to skip did.
  bool skipped_too_far() const { return ended_ && skip_ > 0; }
  /// Everything that was read has been delivered, and the stream may end here.
  bool drained() const;
  /// A guess of how many bytes are ready, so that little data does not take a large block.
  void set_expected_bytes(uint64_t bytes) { expected_bytes_ = bytes; }

 private:
  Result<ReadState> SkipSome(bool at_end);
  bool SplitBlock(const RecordSplitter::Limits& limits, bool at_end, RawBatch* batch);
  void MakeRoom();
  Result<size_t> Fill(bool at_end);
  ReadState EndDamaged(const Status& damage, RawBatch* batch);
  ReadState End(const RecordSplitter::Limits& limits, RawBatch* batch);
  void Finish(RawBatch* batch);

  ByteStream stream_;
  BlockPool* pool_;
  RecordSplitter splitter_;
  uint64_t skip_;
  bool fill_blocks_;
  uint64_t expected_bytes_ = UINT64_MAX;
  std::shared_ptr<SharedBytes> block_;
  size_t begin_ = 0;        // first byte of block_ that the splitter has not consumed
  bool delivered_ = false;  // a batch uses block_, so it must not change
  bool starved_ = true;     // the splitter needs more bytes
  bool ended_ = false;
  bool damaged_ = false;
  uint64_t reported_raw_bytes_ = 0;
};

}  // namespace avocet
