// Snapshot: the engine's state after an epoch, in one checksummed file. An accelerator only: a
// snapshot that is missing, damaged or from another configuration costs a longer replay of bronze.
// Layout: docs/formats/snapshot.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/engine/commit_info.h"
#include "src/env/env.h"

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

/// Header and shard states as the payload of a snapshot file.
std::string EncodeSnapshot(const SnapshotHeader& header, const std::vector<std::string>& shards);
/// kCorrupt when the bytes do not fit together. `shards` point into `payload`.
Status DecodeSnapshot(std::string_view payload, SnapshotHeader* header,
                      std::vector<std::string_view>* shards);

/// A payload with what tells whether it is whole.
std::string FrameSnapshot(std::string_view payload);
/// The payload in `framed`, into which it points. kCorrupt says what is wrong.
Result<std::string_view> UnframeSnapshot(std::string_view framed);

/// Writes `<dir>/<epoch>.snapshot` durably, framed and checksummed, and removes all but the two
/// newest snapshots.
Status SaveSnapshotFile(Env* env, const std::string& dir, int64_t epoch, std::string_view payload);

/// Epochs of the snapshot files in `dir`, newest first.
Result<std::vector<int64_t>> ListSnapshots(Env* env, const std::string& dir);

/// Removes one snapshot file.
Status RemoveSnapshot(Env* env, const std::string& dir, int64_t epoch);

/// The payload of a snapshot file. kCorrupt names the file and what is wrong.
Result<std::string> LoadSnapshotFile(Env* env, const std::string& dir, int64_t epoch);

}  // namespace avocet
