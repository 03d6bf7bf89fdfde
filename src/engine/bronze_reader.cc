#include "src/engine/bronze_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace avocet {
namespace {

const std::vector<std::string> kColumns = {"epoch",     "sequence", "payload",    "source",
                                           "partition", "offset",   "received_at"};
enum : size_t { kEpoch, kSequence, kPayload, kSource, kPartition, kOffset, kReceivedAt };

int64_t Bound(const std::map<std::string, int64_t>& bounds, const char* column, int64_t fallback) {
  const auto found = bounds.find(column);
  return found == bounds.end() ? fallback : found->second;
}

// Rows [begin, end) of a view, all of one source and partition, as a batch.
RawBatch MakeBatch(const RecordBatchView& view, size_t begin, size_t end) {
  RawBatch batch;
  batch.source = view.Bytes(kSource, begin);
  batch.partition = view.Bytes(kPartition, begin);
  size_t total = 0;
  for (size_t row = begin; row < end; ++row) total += view.Bytes(kPayload, row).size();
  auto bytes = SharedBytes::Allocate(total);
  for (size_t row = begin; row < end; ++row) {
    const std::string_view payload = view.Bytes(kPayload, row);
    std::memcpy(bytes->data.get() + bytes->size, payload.data(), payload.size());
    batch.records.push_back({.begin = static_cast<uint32_t>(bytes->size),
                             .size = static_cast<uint32_t>(payload.size()),
                             .offset = view.Int(kOffset, row)});
    bytes->size += payload.size();
  }
  batch.bytes = std::move(bytes);
  return batch;
}

// Cuts a view into runs of one epoch and hands them on as batches of one partition each.
Status HandOn(const RecordBatchView& view, int64_t after_epoch, int64_t* next_sequence,
              const std::string& file, const OnBronze& on_batches) {
  size_t begin = 0;
  while (begin < view.rows()) {
    const int64_t epoch = view.Int(kEpoch, begin);
    std::vector<RawBatch> batches;
    size_t end = begin;
    while (end < view.rows() && view.Int(kEpoch, end) == epoch) {
      const size_t start = end;
      while (end < view.rows() && view.Int(kEpoch, end) == epoch &&
             view.Bytes(kPartition, end) == view.Bytes(kPartition, start) &&
             view.Bytes(kSource, end) == view.Bytes(kSource, start)) {
        const int64_t sequence = view.Int(kSequence, end);
        if (sequence < *next_sequence) {
          return Status::Corrupt(fmt::format("bronze is out of order: {} has sequence {} after {}",
                                             file, sequence, *next_sequence - 1));
        }
        *next_sequence = sequence + 1;
        ++end;
      }
      if (epoch > after_epoch) batches.push_back(MakeBatch(view, start, end));
    }
    if (!batches.empty()) {
      AVOCET_RETURN_IF_ERROR(on_batches(epoch, view.Int(kReceivedAt, begin), batches));
    }
    begin = end;
  }
  return Status::Ok();
}

}  // namespace

Status ReadBronze(Table* bronze, int64_t after_epoch, const OnBronze& on_batches) {
  AVOCET_ASSIGN_OR_RETURN(auto files, bronze->Files());
  std::erase_if(files, [&](const TableFile& file) {
    return Bound(file.max_values, "epoch", INT64_MAX) <= after_epoch;
  });
  std::sort(files.begin(), files.end(), [](const TableFile& a, const TableFile& b) {
    return Bound(a.min_values, "sequence", 0) < Bound(b.min_values, "sequence", 0);
  });
  int64_t next_sequence = 0;
  for (const TableFile& file : files) {
    AVOCET_ASSIGN_OR_RETURN(const auto reader, bronze->Read(file.path, kColumns));
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
      if (view == nullptr) break;
      AVOCET_RETURN_IF_ERROR(HandOn(*view, after_epoch, &next_sequence, file.path, on_batches));
    }
  }
  return Status::Ok();
}

}  // namespace avocet
