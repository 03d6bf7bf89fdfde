#include "src/env/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "src/env/file_descriptor.h"
#include "src/env/posix_file.h"

namespace avocet {

namespace {

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(FileDescriptor fd) : fd_(std::move(fd)) {}

 private:
  // Closing the descriptor releases the lock.
  FileDescriptor fd_;
};

// What the holder wrote, on one line and of limited length.
std::string ReadOwner(int fd) {
  std::array<char, 256> buffer;
  const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), 0);
  std::string owner;
  for (ssize_t i = 0; i < n; ++i) {
    const char c = buffer[static_cast<size_t>(i)];
    if (c == '\n') break;
    owner.push_back(static_cast<unsigned char>(c) < ' ' ? '?' : c);
  }
  return owner.empty() ? "another process" : owner;
}

Status TakeLock(int fd, const std::string& path) {
  int result = 0;
  do {
    result = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return Status::Ok();
  if (errno == EWOULDBLOCK) {
    return Status::Conflict("cannot lock " + path + ": it is in use by " + ReadOwner(fd));
  }
  return Status::FromErrno(errno, "lock", path);
}

Status WriteOwner(int fd, const std::string& path, std::string_view owner) {
  if (::ftruncate(fd, 0) != 0) return Status::FromErrno(errno, "truncate", path);
  return WriteAll(fd, owner, path);
}

}  // namespace

Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path, std::string_view owner) {
  while (true) {
    AVOCET_ASSIGN_OR_RETURN(FileDescriptor fd,
                            FileDescriptor::Open(path, O_RDWR | O_CREAT, "open lock"));
    AVOCET_RETURN_IF_ERROR(TakeLock(fd.get(), path));
    // Somebody may have removed the file between open and flock: then this lock guards nothing.
    AVOCET_ASSIGN_OR_RETURN(const FileInfo held, StatDescriptor(fd.get(), path));
    const Result<FileInfo> present = StatPath(path);
    if (!present.ok() && present.status().code() != StatusCode::kNotFound) return present.status();
    if (!present.ok() || present->device != held.device || present->inode != held.inode) continue;
    AVOCET_RETURN_IF_ERROR(WriteOwner(fd.get(), path, owner));
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd)));
  }
}

}  // namespace avocet
