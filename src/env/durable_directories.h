// DurableDirectories: makes directories whose entries survive a power cut.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>

#include "src/base/status.h"
#include "src/env/file_system_calls.h"

namespace avocet {

/// Creates directories and syncs the entries that lead to them. Remembers which directories it has
/// made durable, so that a repeated call costs one stat. Any thread may call it.
class DurableDirectories {
 public:
  /// Borrows `calls`.
  explicit DurableDirectories(FileSystemCalls* calls) : calls_(*calls) {}

  /// Creates `directory` and its missing parents. After Ok they survive a power cut, also those
  /// that existed but may never have been synced (their creator may have died in between).
  Status Make(const std::string& directory);

 private:
  bool Exists(const std::string& directory);
  Result<bool> CreateOne(const std::string& directory);
  bool IsKnown(const std::string& directory);
  void Remember(const std::string& directory);

  FileSystemCalls& calls_;
  std::mutex mutex_;
  std::unordered_set<std::string> known_;  // guarded by mutex_
};

}  // namespace avocet
