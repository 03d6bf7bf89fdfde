// The snapshot files of a lake. An accelerator only: a snapshot that is missing, damaged or from
// another configuration costs a longer replay of bronze. Layout: docs/formats/snapshot.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/engine/snapshot.h"
#include "src/env/env.h"

namespace avocet {

/// A snapshot file that is not in use before its epoch is committed: `<dir>/<epoch>.unfinished`.
/// Removed by the destructor unless it was published. One thread at a time.
class UnfinishedSnapshot {
 public:
  static Result<std::unique_ptr<UnfinishedSnapshot>> Create(Env* env, const std::string& dir,
                                                            int64_t epoch);
  ~UnfinishedSnapshot();
  UnfinishedSnapshot(const UnfinishedSnapshot&) = delete;
  UnfinishedSnapshot& operator=(const UnfinishedSnapshot&) = delete;

  Status Append(std::string_view bytes) { return file_->Append(bytes); }

  /// Makes it durable as `<dir>/<epoch>.snapshot`, and removes all but the two newest. Once: what
  /// a disk did not take is lost.
  Status Publish();

 private:
  UnfinishedSnapshot(Env* env, std::string dir, int64_t epoch);

  Env* env_;
  const std::string dir_;
  const int64_t epoch_;
  const std::string path_;
  std::unique_ptr<WritableFile> file_;  // null: published
};

/// Epochs of the snapshot files in `dir`, newest first.
Result<std::vector<int64_t>> ListSnapshots(Env* env, const std::string& dir);

/// Removes one snapshot file.
Status RemoveSnapshot(Env* env, const std::string& dir, int64_t epoch);

/// Removes what a process left that ended while it wrote. REQUIRES: the lake is locked.
Status RemoveUnfinishedSnapshots(Env* env, const std::string& dir);

/// A snapshot file that is whole. kCorrupt names the file and what is wrong.
Result<SnapshotReader> OpenSnapshotFile(Env* env, const std::string& dir, int64_t epoch);

}  // namespace avocet
