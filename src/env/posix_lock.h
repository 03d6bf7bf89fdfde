// File locks of the real operating system.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "src/env/env.h"

namespace avocet {

/// See Env::Lock. The lock goes with the process, however it ends; the file stays.
Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path, std::string_view owner);

}  // namespace avocet
