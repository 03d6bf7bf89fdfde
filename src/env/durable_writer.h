// DurableWriter: files that after a power cut are there completely or not at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "src/env/durable_directories.h"
#include "src/env/env.h"
#include "src/env/file_system_calls.h"

namespace avocet {

/// The order of steps behind Env::PutDurably. Temporary files are called
/// ".tmp-<process id>-<counter>" and lie beside their target; one is left behind only when the
/// process dies. Any thread may call it.
class DurableWriter {
 public:
  /// Borrows `calls`.
  DurableWriter(FileSystemCalls* calls, int64_t process_id);

  /// See Env::PutDurably. After an error other than kAlreadyExists the file is as it was or
  /// complete, and in the second case perhaps not durable.
  Status Put(const std::string& path, std::string_view bytes, PutMode mode);

  DurableDirectories& directories() { return directories_; }

 private:
  struct TemporaryFile {
    std::string path;
    std::unique_ptr<WritableFile> file;
  };

  Result<TemporaryFile> CreateTemporary(const std::string& directory);
  Status Publish(const std::string& temporary, const std::string& path, PutMode mode);

  FileSystemCalls& calls_;
  DurableDirectories directories_;
  const std::string temporary_prefix_;
  std::atomic<uint64_t> counter_ = 0;
};

}  // namespace avocet
