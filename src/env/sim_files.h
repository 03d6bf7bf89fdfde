// Open files and locks of the simulated system.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "src/env/env.h"
#include "src/env/sim_core.h"

namespace avocet {

FileInfo SimFileInfo(const SimInode& inode);

Result<std::unique_ptr<ReadableFile>> OpenSimForRead(std::shared_ptr<SimCore> core,
                                                     const std::string& path);

/// With `must_be_new`, kAlreadyExists when there is something at `path`.
Result<std::unique_ptr<WritableFile>> OpenSimForWrite(std::shared_ptr<SimCore> core,
                                                      const std::string& path, bool must_be_new);

Result<std::unique_ptr<FileLock>> LockSimFile(std::shared_ptr<SimCore> core,
                                              const std::string& path, std::string_view owner);

}  // namespace avocet
