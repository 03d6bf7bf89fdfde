#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "src/env/env.h"
#include "src/env/posix_file.h"

namespace avocet {

namespace {

constexpr char kName[] = "standard input";

class StandardInput : public ReadableFile {
 public:
  explicit StandardInput(std::chrono::milliseconds timeout)
      : timeout_ms_(static_cast<int>(
            std::clamp<int64_t>(timeout.count(), 0, std::numeric_limits<int>::max()))) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> out) override {
    return ReadDescriptorAt(STDIN_FILENO, offset, out, kName);
  }

  Result<size_t> Read(std::span<std::byte> out) override {
    pollfd poll_for = {STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&poll_for, 1, timeout_ms_);
    // A signal is one of the other things a caller may want to look at.
    if (ready == 0 || (ready < 0 && errno == EINTR)) return NoDataYet();
    if (ready < 0) return Status::FromErrno(errno, "poll", kName);
    if ((poll_for.revents & POLLNVAL) != 0) return Status::FromErrno(EBADF, "read", kName);
    const ssize_t n = ::read(STDIN_FILENO, out.data(), out.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN || errno == EINTR) return NoDataYet();
    return Status::FromErrno(errno, "read", kName);
  }

  Result<FileInfo> Stat() override { return StatDescriptor(STDIN_FILENO, kName); }

 private:
  static Status NoDataYet() {
    return Status::Unavailable("cannot read standard input: no data yet");
  }

  const int timeout_ms_;
};

}  // namespace

std::unique_ptr<ReadableFile> OpenStandardInput(std::chrono::milliseconds timeout) {
  return std::make_unique<StandardInput>(timeout);
}

}  // namespace avocet
