// Snapshot: the engine's state after an epoch, checksummed, written and read a shard at a time, so
// that it takes no memory of its own beside that of one shard. Layout: docs/formats/snapshot.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/running_checksum.h"
#include "src/base/status.h"

namespace avocet {

/// What a snapshot holds beside the shards.
struct SnapshotHeader {
  std::string fingerprint;  ///< of the configuration that shaped the state
  std::string bronze_id;    ///< table id of bronze
  int64_t epoch = 0;
  int64_t fleet_time_us = 0;
  std::vector<std::string> metrics;
  std::string commit_info;  ///< EncodeCommitInfo with all positions
};

/// Gives the bytes of a snapshot to a sink. After an error the snapshot is of no use.
class SnapshotWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;

  explicit SnapshotWriter(Sink sink) : sink_(std::move(sink)) {}

  /// Once, before the shards.
  Status Begin(const SnapshotHeader& header, size_t num_shards);
  /// As many times as Begin was told.
  Status AddShard(std::string_view state);
  /// Once, after the shards.
  Status End();

 private:
  Status Put(std::string_view bytes);

  Sink sink_;
  RunningChecksum64 checksum_;
  uint64_t payload_bytes_ = 0;
};

/// A snapshot that is whole.
class SnapshotReader {
 public:
  /// Fills `out` with the bytes at `offset`. Called by one thread at a time.
  using Source = std::function<Status(uint64_t offset, std::span<std::byte> out)>;

  /// Reads all of it once. kCorrupt says what is wrong.
  static Result<SnapshotReader> Open(Source source, uint64_t size_bytes);

  const SnapshotHeader& header() const { return header_; }
  size_t num_shards() const { return shards_.size(); }
  Result<std::string> ReadShard(size_t index) const;

 private:
  struct Range {
    uint64_t offset, size;
  };
  explicit SnapshotReader(Source source) : source_(std::move(source)) {}
  Status CheckFrame(uint64_t size_bytes);
  Status ReadContents();
  Result<uint64_t> ReadNumber(uint64_t* offset) const;
  Result<Range> FindString(uint64_t* offset) const;
  Result<std::string> Read(Range range) const;

  Source source_;
  uint64_t end_ = 0;  // of the payload
  SnapshotHeader header_;
  std::vector<Range> shards_;
};

}  // namespace avocet
