// CheckJournal: verifies a journal without changing it, for `avocet fsck`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

struct JournalDamage {
  std::string path;
  std::string message;  ///< one sentence with the offset and the records
};

struct JournalReport {
  uint64_t segments = 0;
  uint64_t size_bytes = 0;
  uint64_t first_record = 0;
  uint64_t end_record = 0;
  uint64_t torn_bytes = 0;  ///< at the end of the newest segment; the next start cuts them
  std::vector<JournalDamage> damage;
};

/// Reads every byte of every segment. A journal that is being written may have a torn end.
Result<JournalReport> CheckJournal(const std::string& directory, Env* env);

}  // namespace avocet
