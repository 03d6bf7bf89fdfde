// KinesisChunk: the records of one GetRecords answer, unpacked and ready to be delivered in parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/model/raw_batch.h"
#include "src/source/kinesis/kinesis_position.h"
#include "src/source/records/record_splitter.h"

namespace avocet {

struct KinesisUnpackOptions {
  InputFormat format = InputFormat::kUnknown;  ///< of payloads; kUnknown: JSON or lines
  size_t max_record_bytes = size_t{1} << 20;
};

/// A Kinesis record stands for any number of readings: user records that the producer library has
/// aggregated, compressed payloads, lines, arrays. How they are counted is part of the position, so
/// it depends on nothing but the payload and the options. Owned by one thread at a time.
class KinesisChunk {
 public:
  /// Compressed payloads may grow to so many bytes each.
  static constexpr size_t kMostPayloadBytes = size_t{64} << 20;

  /// `start`: the position before the first of `records`, or, when a part of the first one was
  /// delivered already, within it.
  static KinesisChunk Unpack(const KinesisRecords& records, const KinesisPosition& start,
                             const KinesisUnpackOptions& options);

  /// Moves up to `limits` of what is left into `batch`, at least one item if there is one.
  void Take(const RecordSplitter::Limits& limits, RawBatch* batch);
  bool drained() const { return next_item_ == items_.size(); }

  /// After everything that has been taken.
  const KinesisPosition& position() const { return position_; }
  /// After everything in the chunk.
  const KinesisPosition& end() const { return end_; }

  size_t size_bytes() const { return bytes_ == nullptr ? 0 : bytes_->size; }
  /// The shard ends with this chunk.
  bool last = false;
  /// Of the tip of the shard, when the chunk was fetched; -1: unknown.
  int64_t behind_ms = -1;

 private:
  class Unpacker;

  /// A record or a reject.
  struct Item {
    uint32_t answer_index = 0;  // of the Kinesis record
    uint32_t inside = 0;        // within it
    bool last_inside = false;
    bool is_reject = false;
    uint32_t index = 0;  // into records_ or rejects_
  };

  std::shared_ptr<const SharedBytes> bytes_;
  std::vector<RawRecord> records_;
  std::vector<RawReject> rejects_;
  std::vector<Item> items_;
  std::vector<std::string> sequences_;  // of the Kinesis records
  size_t next_item_ = 0;
  uint64_t bytes_read_ = 0;
  KinesisPosition position_;
  KinesisPosition end_;
};

}  // namespace avocet
