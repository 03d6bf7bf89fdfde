// The part of fsck that reads `_delta_log` byte by byte.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "src/engine/commit_info.h"
#include "src/engine/fsck.h"
#include "src/lake/lake.h"

namespace avocet {

/// What the log of one table holds.
struct LogContents {
  std::set<int64_t> entries;
  std::set<int64_t> checkpoints;
  int64_t newest_checkpoint = -1;         ///< that can be read
  std::map<int64_t, CommitInfo> commits;  ///< by version: those with a commitInfo of avocet
};

/// Checks entries, checkpoints and `_last_checkpoint` of the table in `folder` of the lake.
/// `handle` may be null: then checkpoints are only looked at from outside.
LogContents CheckLog(LakeStore* store, const std::string& folder, std::string_view table,
                     Table* handle, FsckReport* report);

}  // namespace avocet
