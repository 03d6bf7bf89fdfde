#include "src/env/posix_calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "src/env/file_descriptor.h"
#include "src/env/posix_file.h"

namespace avocet {

namespace {

constexpr mode_t kDirectoryMode = 0777;  // before the process's umask

Status Check(int result, std::string_view what, const std::string& path) {
  return result == 0 ? Status::Ok() : Status::FromErrno(errno, what, path);
}

}  // namespace

Result<std::unique_ptr<WritableFile>> PosixCalls::CreateNewFile(const std::string& path) {
  return OpenPosixForWrite(path, WriteOpening::kCreateNew);
}

Result<FileInfo> PosixCalls::Stat(const std::string& path) { return StatPath(path); }

Status PosixCalls::MakeDirectory(const std::string& directory) {
  return Check(::mkdir(directory.c_str(), kDirectoryMode), "create directory", directory);
}

Status PosixCalls::Rename(const std::string& from, const std::string& to) {
  return Check(::rename(from.c_str(), to.c_str()), "rename", from + " to " + to);
}

Status PosixCalls::Link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return Status::Ok();
  const int error = errno;
  // A network file system may have made the link and lost the answer.
  struct stat info = {};
  if (::stat(from.c_str(), &info) == 0 && info.st_nlink == 2) return Status::Ok();
  const bool has_no_links = error == EPERM || error == EOPNOTSUPP || error == ENOSYS;
  if (!has_no_links) return Status::FromErrno(error, "create", to);
  return Check(::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE),
               "create", to);
}

Status PosixCalls::Remove(const std::string& path) {
  return Check(::remove(path.c_str()), "remove", path);
}

Status PosixCalls::SyncDirectory(const std::string& directory) {
  AVOCET_ASSIGN_OR_RETURN(
      const FileDescriptor fd,
      FileDescriptor::Open(directory, O_RDONLY | O_DIRECTORY, "open directory"));
  // EINVAL says that this file system has no directory sync: its entries are as durable as they
  // can be.
  if (::fsync(fd.get()) == 0 || errno == EINVAL) return Status::Ok();
  return Status::FromErrno(errno, "sync directory", directory);
}

}  // namespace avocet
