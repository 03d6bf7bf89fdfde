#include "src/env/durable_directories.h"

#include <cerrno>

#include "src/env/parent_path.h"

namespace avocet {

namespace {

constexpr size_t kMaxKnownDirectories = 4096;

bool IsTop(const std::string& directory) {
  return directory.empty() || directory == "/" || directory == "." || directory == "..";
}

}  // namespace

Status DurableDirectories::Make(const std::string& directory) {
  if (IsTop(directory)) return Status::Ok();
  if (IsKnown(directory) && Exists(directory)) return Status::Ok();
  const std::string parent = ParentPath(directory);
  AVOCET_RETURN_IF_ERROR(Make(parent));
  AVOCET_ASSIGN_OR_RETURN(const bool created, CreateOne(directory));
  const Status synced = calls_.SyncDirectory(parent);
  // A parent that may be crossed but not read (mode --x) holds entries that somebody else made.
  if (!synced.ok() && (created || synced.code() != StatusCode::kPermission)) return synced;
  Remember(directory);
  return Status::Ok();
}

bool DurableDirectories::Exists(const std::string& directory) {
  const Result<FileInfo> present = calls_.Stat(directory);
  return present.ok() && present->is_directory;
}

// False when it is there already.
Result<bool> DurableDirectories::CreateOne(const std::string& directory) {
  const Status made = calls_.MakeDirectory(directory);
  if (made.ok()) return true;
  // A directory that is there counts even where none may be made, as on a read-only file system.
  const Result<FileInfo> present = calls_.Stat(directory);
  if (present.ok() && present->is_directory) return false;
  if (made.code() != StatusCode::kAlreadyExists) return made;
  if (!present.ok()) return present.status();
  return Status::FromErrno(ENOTDIR, "create directory", directory);
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
