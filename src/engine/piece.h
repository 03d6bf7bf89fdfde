// Piece: some consecutive records of one partition on their way through a tick.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/model/reading_batch.h"
#include "src/state/device_table.h"

namespace avocet {

enum class RowFate : uint8_t {
  kKept,       ///< in bronze and silver
  kDropped,    ///< in bronze only: a quality rule said drop
  kDuplicate,  ///< in neither: it arrived before
};

/// Filled by decoding (`readings` to `shard_rows`), then by the shards, each its own rows.
struct Piece {
  ReadingBatch readings;  ///< metrics hold only valid values once the shards have run
  std::vector<uint64_t> device_hash;
  std::vector<uint64_t> record_hash;  ///< of event time and payload; for duplicates
  /// Newest event time of the whole fleet before each row: within the piece, and before the piece.
  std::vector<int64_t> fleet_time_us;
  int64_t fleet_time_before_us = kNoTime;
  std::array<std::vector<uint32_t>, kNumShards> shard_rows;
  /// From bronze: rows are known to be unique, and only their effect on state is wanted.
  bool replayed = false;

  std::vector<std::vector<double>> means;  ///< [metric][row], NaN: none
  /// Of the device in its shard. Until the shards have run kNoSlot may stand for a known device.
  std::vector<uint32_t> slot;
  std::vector<uint8_t> late;
  std::vector<RowFate> fate;
  std::vector<uint8_t> invalid;  ///< 1: a value broke a quality rule

  /// Computes everything that follows from `readings`.
  void Prepare(size_t num_metrics);
  /// Newest event time of the fleet after the piece.
  int64_t FleetTimeAfter() const;
};

}  // namespace avocet
