// ProcessStats: what the operating system knows of this process.
#pragma once

#include <cstdint>

namespace avocet {

/// Zero where the system does not say.
struct ProcessStats {
  double cpu_seconds = 0;
  double start_seconds = 0;  ///< since 1970
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_files = 0;
  uint64_t max_files = 0;
};
ProcessStats ReadProcessStats();

}  // namespace avocet
