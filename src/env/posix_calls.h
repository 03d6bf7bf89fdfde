// The single file system calls of the real operating system.
#pragma once

#include <memory>
#include <string>

#include "src/env/file_system_calls.h"

namespace avocet {

class PosixCalls : public FileSystemCalls {
 public:
  Result<std::unique_ptr<WritableFile>> CreateNewFile(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Status MakeDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  /// Also empty directories.
  Status Remove(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;
};

}  // namespace avocet
