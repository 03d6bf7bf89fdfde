#include "src/source/kinesis/kinesis_chunk.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <span>
#include <utility>

#include "src/source/kinesis/kpl_aggregate.h"
#include "src/source/records/decompressor.h"
#include "src/source/records/input_format.h"

namespace avocet {

class KinesisChunk::Unpacker {
 public:
  Unpacker(KinesisChunk* chunk, const KinesisUnpackOptions& options)
      : chunk_(chunk), options_(options) {}

  void Run(const KinesisRecords& records) {
    for (const KinesisRecord& record : records.records) {
      chunk_->sequences_.emplace_back(record.sequence);
      chunk_->bytes_read_ += record.data.size();
      AddKinesisRecord(record.data);
    }
    SplitPayloads();
    chunk_->records_ = std::move(batch_.records);
    chunk_->rejects_ = std::move(batch_.rejects);
  }

 private:
  struct Payload {
    uint32_t answer_index = 0;
    std::string_view bytes;
    bool damaged = false;
    std::string problem;
  };

  void AddKinesisRecord(std::string_view data) {
    std::vector<KplRecord> users;
    if (SplitKplAggregate(data, &users)) {
      for (const KplRecord& user : users) AddPayload(user.data);
    } else {
      AddPayload(data);
    }
  }

  void AddPayload(std::string_view data) {
    Payload payload;
    payload.answer_index = static_cast<uint32_t>(chunk_->sequences_.size() - 1);
    payload.bytes = data;
    const auto compression = DetectCompression(data, true);
    if (compression.has_value() && *compression != Compression::kNone) {
      const Status status = Decompress(data, *compression, &decompressed_.emplace_back());
      if (status.ok()) {
        payload.bytes = decompressed_.back();
      } else {
        decompressed_.pop_back();
        payload.damaged = true;
        payload.problem = status.message();
      }
    }
    payloads_.push_back(std::move(payload));
  }

  static Status Decompress(std::string_view in, Compression compression, std::string* out) {
    constexpr size_t kStep = size_t{64} << 10;
    const auto decompressor = MakeDecompressor(compression);
    while (true) {
      const size_t size = out->size();
      if (size > kMostPayloadBytes) {
        return Status::Corrupt("the payload has more than 64 MiB when decompressed");
      }
      out->resize(size + kStep);
      AVOCET_ASSIGN_OR_RETURN(const Decompressor::Step step,
                              decompressor->Decompress(in, std::span(*out).subspan(size)));
      out->resize(size + step.produced);
      in.remove_prefix(step.consumed);
      if (step.produced == 0 && step.consumed == 0) break;
    }
    if (in.empty() && decompressor->at_boundary()) return Status::Ok();
    return Status::Corrupt("the compressed payload stops in the middle");
  }

  // Copies the payloads into one block and cuts them into records.
  void SplitPayloads() {
    size_t size = 0;
    for (const Payload& payload : payloads_) size += payload.damaged ? 0 : payload.bytes.size();
    auto block = SharedBytes::Allocate(size);
    uint32_t inside = 0;
    uint32_t answer_index = 0;
    for (const Payload& payload : payloads_) {
      if (payload.answer_index != answer_index) inside = 0;
      answer_index = payload.answer_index;
      if (payload.damaged) {
        const std::string_view prefix = payload.bytes.substr(0, RecordSplitter::kRejectBytes);
        batch_.rejects.push_back({std::string(prefix), 0, "damaged_compression", payload.problem});
      } else if (!payload.bytes.empty()) {
        char* const at = block->data.get() + block->size;
        std::memcpy(at, payload.bytes.data(), payload.bytes.size());
        Split({at, payload.bytes.size()}, block->size);
        block->size += payload.bytes.size();
      }
      AddItems(answer_index, &inside);
    }
    chunk_->bytes_ = std::move(block);
  }

  void Split(std::string_view payload, size_t block_begin) {
    SplitOptions split;
    split.max_record_bytes = options_.max_record_bytes;
    split.format = options_.format;
    if (split.format == InputFormat::kUnknown) {
      const auto detected = DetectFormat(payload, InputFormat::kLines, true);
      // A payload has no header line, so it is never taken for CSV.
      split.format = detected == InputFormat::kJson ? InputFormat::kJson : InputFormat::kLines;
    }
    RecordSplitter splitter(split, SplitPosition{});
    splitter.Split(payload, block_begin, true, {}, &batch_);
  }

  // The splitter has added records or rejects, in the order of their offsets within the payload.
  void AddItems(uint32_t answer_index, uint32_t* inside) {
    while (next_record_ < batch_.records.size() || next_reject_ < batch_.rejects.size()) {
      const bool is_reject =
          next_record_ == batch_.records.size() ||
          (next_reject_ < batch_.rejects.size() &&
           batch_.rejects[next_reject_].offset < batch_.records[next_record_].offset);
      size_t* const next = is_reject ? &next_reject_ : &next_record_;
      chunk_->items_.push_back(
          {answer_index, (*inside)++, false, is_reject, static_cast<uint32_t>((*next)++)});
    }
  }

  KinesisChunk* const chunk_;
  const KinesisUnpackOptions options_;
  std::vector<Payload> payloads_;
  std::deque<std::string> decompressed_;  // payloads point into it
  RawBatch batch_;
  size_t next_record_ = 0;  // of batch_, without an item yet
  size_t next_reject_ = 0;
};

KinesisChunk KinesisChunk::Unpack(const KinesisRecords& records, const KinesisPosition& start,
                                  const KinesisUnpackOptions& options) {
  KinesisChunk chunk;
  chunk.position_ = start;
  Unpacker(&chunk, options).Run(records);
  std::vector<Item>& items = chunk.items_;
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].last_inside =
        i + 1 == items.size() || items[i + 1].answer_index != items[i].answer_index;
  }
  // What was delivered of the first record before. When another record comes first, that one has
  // expired.
  if (start.delivered_inside > 0 && !chunk.sequences_.empty() &&
      chunk.sequences_.front() == start.sequence) {
    while (chunk.next_item_ < items.size() && items[chunk.next_item_].answer_index == 0 &&
           items[chunk.next_item_].inside < start.delivered_inside) {
      ++chunk.next_item_;
    }
  }
  uint64_t offset = start.records;
  for (size_t i = chunk.next_item_; i < items.size(); ++i) {
    const auto signed_offset = static_cast<int64_t>(offset++);
    if (items[i].is_reject) {
      chunk.rejects_[items[i].index].offset = signed_offset;
    } else {
      chunk.records_[items[i].index].offset = signed_offset;
    }
  }
  chunk.end_ = start;
  chunk.end_.records = offset;
  if (!chunk.sequences_.empty()) {
    chunk.end_.sequence = chunk.sequences_.back();
    chunk.end_.delivered_inside = 0;
  }
  if (chunk.drained()) chunk.position_ = chunk.end_;
  return chunk;
}

void KinesisChunk::Take(const RecordSplitter::Limits& limits, RawBatch* batch) {
  batch->bytes = bytes_;
  batch->format = RecordFormat::kJson;
  batch->bytes_read = std::exchange(bytes_read_, 0);
  size_t taken = 0, bytes = 0;
  while (!drained() && taken < limits.max_records && (taken == 0 || bytes < limits.max_bytes)) {
    const Item& item = items_[next_item_++];
    ++taken;
    if (item.is_reject) {
      batch->rejects.push_back(std::move(rejects_[item.index]));
    } else {
      batch->records.push_back(records_[item.index]);
      bytes += records_[item.index].size;
    }
    position_.sequence = sequences_[item.answer_index];
    position_.delivered_inside = item.last_inside ? 0 : item.inside + 1;
    ++position_.records;
  }
  if (drained()) position_ = end_;
}

}  // namespace avocet
