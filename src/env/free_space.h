// How much room a disk has.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"

namespace avocet {

/// Bytes that an ordinary user may still write to the file system that holds `path`.
Result<uint64_t> FreeSpaceBytes(const std::string& path);

}  // namespace avocet
