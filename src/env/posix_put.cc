#include "src/env/posix_put.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "src/env/file_descriptor.h"
#include "src/env/parent_path.h"

namespace avocet {

namespace {

// Temporary files that a dead process with the same id left behind are stepped over.
constexpr int kMaxNameAttempts = 10'000;

// A temporary file, removed by the destructor unless it has become the target.
class TemporaryFile {
 public:
  TemporaryFile(std::string path, FileDescriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  TemporaryFile(TemporaryFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  static Result<TemporaryFile> Create(const std::string& directory) {
    static std::atomic<uint64_t> counter = 0;
    const std::string prefix = directory + "/.tmp-" + std::to_string(::getpid()) + "-";
    for (int attempt = 0;; ++attempt) {
      std::string path = prefix + std::to_string(counter.fetch_add(1));
      Result<FileDescriptor> fd =
          FileDescriptor::Open(path, O_WRONLY | O_CREAT | O_EXCL, "create temporary file");
      if (fd.ok()) return TemporaryFile(std::move(path), std::move(*fd));
      const bool taken = fd.status().code() == StatusCode::kAlreadyExists;
      if (!taken || attempt >= kMaxNameAttempts) return fd.status();
    }
  }

  Status WriteDurably(std::string_view bytes) {
    AVOCET_RETURN_IF_ERROR(WriteAll(fd_.get(), bytes, path_));
    if (::fdatasync(fd_.get()) != 0) return Status::FromErrno(errno, "sync", path_);
    return fd_.Close(path_);
  }

  Status RenameTo(const std::string& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) {
      return Status::FromErrno(errno, "rename temporary file to", target);
    }
    path_.clear();
    return Status::Ok();
  }

  Status LinkTo(const std::string& target) {
    if (::link(path_.c_str(), target.c_str()) == 0) return Status::Ok();
    const int error = errno;
    // A network file system may have made the link and lost the answer.
    struct stat info = {};
    if (::stat(path_.c_str(), &info) == 0 && info.st_nlink == 2) return Status::Ok();
    if (error == EPERM || error == EOPNOTSUPP || error == ENOSYS) return RenameToNew(target);
    return Status::FromErrno(error, "create", target);
  }

 private:
  // For file systems without hard links.
  Status RenameToNew(const std::string& target) {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
      return Status::FromErrno(errno, "create", target);
    }
    path_.clear();
    return Status::Ok();
  }

  std::string path_;
  FileDescriptor fd_;
};

Status Publish(const std::string& directory, const std::string& path, std::string_view bytes,
               PutMode mode) {
  AVOCET_ASSIGN_OR_RETURN(TemporaryFile file, TemporaryFile::Create(directory));
  AVOCET_RETURN_IF_ERROR(file.WriteDurably(bytes));
  return mode == PutMode::kReplace ? file.RenameTo(path) : file.LinkTo(path);
}

}  // namespace

Status PutPosixFile(DurableDirectories* directories, const std::string& path,
                    std::string_view bytes, PutMode mode) {
  if (path.empty() || path.back() == '/') {
    return Status::Invalid("cannot write '" + path + "': the path has no file name");
  }
  const std::string directory = ParentPath(path);
  AVOCET_RETURN_IF_ERROR(directories->Make(directory));
  struct stat present = {};
  if (mode == PutMode::kCreateNew && ::lstat(path.c_str(), &present) == 0) {
    return Status::FromErrno(EEXIST, "create", path);
  }
  // The temporary name is gone before the directory is synced, so that it goes for good.
  AVOCET_RETURN_IF_ERROR(Publish(directory, path, bytes, mode));
  return SyncPosixDirectory(directory);
}

}  // namespace avocet
