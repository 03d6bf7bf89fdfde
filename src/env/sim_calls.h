// The single file system calls of the simulated system.
#pragma once

#include <memory>
#include <string>

#include "src/env/file_system_calls.h"
#include "src/env/sim_core.h"

namespace avocet {

class SimCalls : public FileSystemCalls {
 public:
  explicit SimCalls(std::shared_ptr<SimCore> core) : core_(std::move(core)) {}

  Result<std::unique_ptr<WritableFile>> CreateNewFile(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Status MakeDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;

 private:
  const std::shared_ptr<SimCore> core_;
};

}  // namespace avocet
