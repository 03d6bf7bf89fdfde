// Rows of bronze as the batches of records that they were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/model/raw_batch.h"

namespace avocet {

/// The columns that such rows are read with, in this order.
enum BronzeColumn : size_t {
  kBronzeEpoch,
  kBronzeSequence,
  kBronzePayload,
  kBronzeSource,
  kBronzePartition,
  kBronzeOffset,
  kBronzeReceivedAt
};

/// Rows [begin, end) of a view, all of one source and partition, as a batch. A view has Bytes and
/// Int, each of a column and a row.
template <typename View>
RawBatch BronzeBatch(const View& view, size_t begin, size_t end) {
  RawBatch batch;
  batch.source = view.Bytes(kBronzeSource, begin);
  batch.partition = view.Bytes(kBronzePartition, begin);
  size_t total = 0;
  for (size_t row = begin; row < end; ++row) total += view.Bytes(kBronzePayload, row).size();
  auto bytes = SharedBytes::Allocate(total);
  for (size_t row = begin; row < end; ++row) {
    const std::string_view payload = view.Bytes(kBronzePayload, row);
    if (!payload.empty()) {
      std::memcpy(bytes->data.get() + bytes->size, payload.data(), payload.size());
    }
    batch.records.push_back({.begin = static_cast<uint32_t>(bytes->size),
                             .size = static_cast<uint32_t>(payload.size()),
                             .offset = view.Int(kBronzeOffset, row)});
    bytes->size += payload.size();
  }
  batch.bytes = std::move(bytes);
  return batch;
}

/// The end of the run of rows from `begin` on that have one source and partition, at most `end`.
template <typename View>
size_t EndOfBronzeRun(const View& view, size_t begin, size_t end) {
  size_t row = begin;
  while (row < end && view.Bytes(kBronzePartition, row) == view.Bytes(kBronzePartition, begin) &&
         view.Bytes(kBronzeSource, row) == view.Bytes(kBronzeSource, begin)) {
    ++row;
  }
  return row;
}

}  // namespace avocet
