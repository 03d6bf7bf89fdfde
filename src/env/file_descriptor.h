// FileDescriptor: an open file descriptor that closes itself.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "src/base/status.h"

namespace avocet {

/// Owns a descriptor of the operating system; -1 when empty. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  /// open(2) with O_CLOEXEC added, repeated when a signal interrupts it. `what` is the verb of the
  /// error message.
  static Result<FileDescriptor> Open(const std::string& path, int flags, std::string_view what);

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// Gives it to the caller, who closes it.
  int Release() { return std::exchange(fd_, -1); }

  /// Closes and reports what close(2) says; Ok when already closed. The descriptor is gone either
  /// way, as on Linux.
  Status Close(std::string_view path);

 private:
  int fd_ = -1;
};

/// Writes all of `bytes` at the descriptor's position.
Status WriteAll(int fd, std::string_view bytes, std::string_view path);

}  // namespace avocet
