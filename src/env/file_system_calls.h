// FileSystemCalls: the single steps of which durable writing consists.
#pragma once

#include <memory>
#include <string>

#include "src/env/env.h"

namespace avocet {

/// One system call per method. The real system and the simulated one implement it, so that the
/// simulation tests the very order of steps that the real system runs. Any thread may call it.
class FileSystemCalls {
 public:
  virtual ~FileSystemCalls() = default;

  /// kAlreadyExists when there is something at `path`.
  virtual Result<std::unique_ptr<WritableFile>> CreateNewFile(const std::string& path) = 0;
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  /// kAlreadyExists when there is something at `directory`.
  virtual Status MakeDirectory(const std::string& directory) = 0;
  /// Replaces what is at `to`.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// Gives the file `from` the name `to`; kAlreadyExists, and no change, when it is taken. The old
  /// name may stay.
  virtual Status Link(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& directory) = 0;
};

}  // namespace avocet
