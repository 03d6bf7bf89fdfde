#include "src/source/records/stream_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kSmallestBlockBytes = size_t{16} << 10;
// One call of Read looks at no more blocks than this before it returns without records.
constexpr int kBlocksPerRead = 16;

bool HasContent(const RawBatch& batch) {
  return !batch.records.empty() || !batch.rejects.empty() || batch.empty_records > 0;
}

}  // namespace

StreamReader::StreamReader(ByteStream stream, BlockPool* pool, const SplitOptions& options,
                           const SplitPosition& start, uint64_t skip, bool fill_blocks)
    : stream_(std::move(stream)),
      pool_(pool),
      splitter_(options, start),
      skip_(skip),
      fill_blocks_(fill_blocks) {}

bool StreamReader::compressed() const {
  return stream_.compression().value_or(Compression::kNone) != Compression::kNone;
}

bool StreamReader::drained() const {
  const bool all_split = block_ == nullptr || begin_ == block_->size;
  return skip_ == 0 && all_split && stream_.at_boundary() && !splitter_.in_record();
}

Result<ReadState> StreamReader::Read(const RecordSplitter::Limits& limits, bool at_end,
                                     RawBatch* batch) {
  if (ended_) return ReadState::kEnd;
  if (skip_ > 0) return SkipSome(at_end);
  for (int i = 0; i < kBlocksPerRead; ++i) {
    if (!starved_ && SplitBlock(limits, false, batch)) return ReadState::kMore;
    const Result<size_t> size = Fill(at_end);
    if (!size.ok() && size.status().code() == StatusCode::kCorrupt) {
      return EndDamaged(size.status(), batch);
    }
    if (!size.ok()) return size.status();
    if (*size == 0) return at_end ? End(limits, batch) : ReadState::kDry;
    starved_ = false;
  }
  return ReadState::kMore;
}

Result<ReadState> StreamReader::SkipSome(bool at_end) {
  if (block_ == nullptr) MakeRoom();
  for (int i = 0; i < kBlocksPerRead && skip_ > 0; ++i) {
    const size_t most = static_cast<size_t>(std::min<uint64_t>(skip_, block_->capacity));
    const Result<size_t> size = stream_.Read({block_->data.get(), most}, at_end);
    if (!size.ok() && size.status().code() == StatusCode::kCorrupt) {
      ended_ = true;
      return ReadState::kEnd;
    }
    if (!size.ok()) return size.status();
    if (*size == 0) {
      ended_ = at_end;
      return at_end ? ReadState::kEnd : ReadState::kDry;
    }
    skip_ -= *size;
  }
  return ReadState::kMore;
}

// True when the batch is worth delivering.
bool StreamReader::SplitBlock(const RecordSplitter::Limits& limits, bool at_end, RawBatch* batch) {
  const char* data = block_ == nullptr ? "" : block_->data.get() + begin_;
  const size_t size = block_ == nullptr ? 0 : block_->size - begin_;
  const auto progress = splitter_.Split({data, size}, begin_, at_end, limits, batch);
  begin_ += progress.consumed;
  starved_ = progress.starved;
  if (!HasContent(*batch)) return false;
  Finish(batch);
  return true;
}

void StreamReader::Finish(RawBatch* batch) {
  splitter_.Describe(batch);
  batch->bytes = block_;
  delivered_ = true;
  batch->bytes_read = raw_bytes() - reported_raw_bytes_;
  reported_raw_bytes_ = raw_bytes();
}

// A block with the unfinished record at its beginning and room for as much again.
void StreamReader::MakeRoom() {
  const size_t tail = block_ == nullptr ? 0 : block_->size - begin_;
  if (block_ != nullptr && !delivered_ && tail < block_->capacity / 2) {
    if (block_->size < block_->capacity && begin_ == 0) return;
    std::memmove(block_->data.get(), block_->data.get() + begin_, tail);
  } else {
    const auto expected =
        static_cast<size_t>(std::min<uint64_t>(expected_bytes_, BlockPool::kBlockBytes));
    size_t capacity = std::clamp(expected + tail + 1, kSmallestBlockBytes, BlockPool::kBlockBytes);
    capacity = std::max(capacity, 2 * tail);
    auto next = pool_->Take(capacity);
    if (tail > 0) std::memcpy(next->data.get(), block_->data.get() + begin_, tail);
    block_ = std::move(next);
    delivered_ = false;
  }
  block_->size = tail;
  begin_ = 0;
}

Result<size_t> StreamReader::Fill(bool at_end) {
  MakeRoom();
  size_t filled = 0;
  while (block_->size < block_->capacity) {
    const std::span<char> room(block_->data.get() + block_->size, block_->capacity - block_->size);
    const Result<size_t> size = stream_.Read(room, at_end);
    // What has been read before an error is delivered first; the error comes again.
    if (!size.ok() && filled == 0) return size;
    if (!size.ok() || *size == 0) break;
    block_->size += *size;
    filled += *size;
    if (!fill_blocks_) break;
  }
  return filled;
}

ReadState StreamReader::End(const RecordSplitter::Limits& limits, RawBatch* batch) {
  const bool content = SplitBlock(limits, true, batch);
  if (!starved_) return ReadState::kMore;
  ended_ = true;
  return content ? ReadState::kMore : ReadState::kEnd;
}

ReadState StreamReader::EndDamaged(const Status& damage, RawBatch* batch) {
  RawReject reject;
  if (block_ != nullptr) {
    reject.bytes = std::string_view(block_->data.get() + begin_, block_->size - begin_)
                       .substr(0, RecordSplitter::kRejectBytes);
  }
  reject.offset = static_cast<int64_t>(position().offset);
  reject.code = "damaged_compression";
  reject.message =
      damage.message() + ", " + std::to_string(raw_bytes()) + " compressed bytes into the file";
  batch->rejects.push_back(std::move(reject));
  damaged_ = true;
  ended_ = true;
  Finish(batch);
  return ReadState::kMore;
}

}  // namespace avocet
