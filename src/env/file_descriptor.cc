#include "src/env/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace avocet {

namespace {

// Permissions of new files before the process's umask.
constexpr mode_t kFileMode = 0666;

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<FileDescriptor> FileDescriptor::Open(const std::string& path, int flags,
                                            std::string_view what) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, kFileMode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return Status::FromErrno(errno, what, path);
  return FileDescriptor(fd);
}

Status FileDescriptor::Close(std::string_view path) {
  if (fd_ < 0) return Status::Ok();
  // Linux frees the descriptor even when close is interrupted, so it is never repeated.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) {
    return Status::FromErrno(errno, "close", path);
  }
  return Status::Ok();
}

Status WriteAll(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Status::FromErrno(errno, "write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

}  // namespace avocet
