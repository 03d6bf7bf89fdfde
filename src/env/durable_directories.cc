#include "src/env/durable_directories.h"

#include <sys/stat.h>

#include <cerrno>

#include "src/env/file_descriptor.h"
#include "src/env/parent_path.h"
#include "src/env/posix_file.h"

namespace avocet {

namespace {

constexpr size_t kMaxKnownDirectories = 4096;
constexpr mode_t kDirectoryMode = 0777;  // before the process's umask

bool IsTop(const std::string& directory) {
  return directory.empty() || directory == "/" || directory == "." || directory == "..";
}

// Says whether mkdir created it; Ok(false) when it is there already.
Result<bool> CreateOne(const std::string& directory) {
  if (::mkdir(directory.c_str(), kDirectoryMode) == 0) return true;
  const int error = errno;
  const Result<FileInfo> present = StatPath(directory);
  if (present.ok() && present->is_directory) return false;
  return Status::FromErrno(present.ok() ? ENOTDIR : error, "create directory", directory);
}

}  // namespace

Status DurableDirectories::Make(const std::string& directory) {
  if (IsTop(directory)) return Status::Ok();
  const Result<FileInfo> present = StatPath(directory);
  if (present.ok() && present->is_directory && IsKnown(directory)) return Status::Ok();
  const std::string parent = ParentPath(directory);
  AVOCET_RETURN_IF_ERROR(Make(parent));
  AVOCET_ASSIGN_OR_RETURN(const bool created, CreateOne(directory));
  const Status synced = SyncPosixDirectory(parent);
  // A parent that may be crossed but not read (mode --x) holds entries that somebody else made.
  if (!synced.ok() && (created || synced.code() != StatusCode::kPermission)) return synced;
  Remember(directory);
  return Status::Ok();
}

bool DurableDirectories::IsKnown(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  return known_.contains(directory);
}

void DurableDirectories::Remember(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnownDirectories) known_.clear();
  known_.insert(directory);
}

}  // namespace avocet
