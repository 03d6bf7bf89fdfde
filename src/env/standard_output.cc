#include "src/env/standard_output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "src/env/signals.h"

namespace avocet {
namespace {

constexpr char kName[] = "standard output";

// Waits for a descriptor that does not block.
Status WaitUntilWritable() {
  pollfd poll_for = {STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&poll_for, 1, -1) >= 0 || errno == EINTR) return Status::Ok();
  return Status::FromErrno(errno, "poll", kName);
}

class StandardOutput : public WritableFile {
 public:
  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (n >= 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
      } else if (errno == EINTR) {
        // A reader that never reads must not keep a process alive that is asked to end.
        if (TerminationRequested()) return Status::Cancelled("interrupted");
      } else if (errno == EAGAIN) {
        AVOCET_RETURN_IF_ERROR(WaitUntilWritable());
        if (TerminationRequested()) return Status::Cancelled("interrupted");
      } else if (errno == EPIPE) {
        return Status::Cancelled("nobody reads standard output any more");
      } else {
        return Status::FromErrno(errno, "write", kName);
      }
    }
    return Status::Ok();
  }

  Status Sync() override { return Status::Ok(); }
  Status Close() override { return Status::Ok(); }
};

}  // namespace

std::unique_ptr<WritableFile> OpenStandardOutput() { return std::make_unique<StandardOutput>(); }

}  // namespace avocet
