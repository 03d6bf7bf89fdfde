// DurableDirectories: makes directories whose entries survive a power cut.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>

#include "src/base/status.h"

namespace avocet {

/// Creates directories and syncs the entries that lead to them. Remembers which directories it has
/// made durable, so that a repeated call costs one stat. Any thread may call it.
class DurableDirectories {
 public:
  /// Creates `directory` and its missing parents. After Ok they survive a power cut, also those
  /// that existed but may never have been synced (their creator may have died in between).
  Status Make(const std::string& directory);

 private:
  bool IsKnown(const std::string& directory);
  void Remember(const std::string& directory);

  std::mutex mutex_;
  std::unordered_set<std::string> known_;  // guarded by mutex_
};

}  // namespace avocet
