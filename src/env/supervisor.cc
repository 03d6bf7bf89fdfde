#include "src/env/supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "src/env/file_descriptor.h"
#include "src/env/program.h"

namespace avocet {
namespace {

// Zero when the variable is not there or no number.
int64_t NumberVariable(std::string_view name) {
  const std::string text = EnvironmentVariable(name).value_or("");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

Supervisor Supervisor::FromEnvironment() {
  Supervisor supervisor;
  supervisor.socket_ = EnvironmentVariable("NOTIFY_SOCKET").value_or("");
  const int64_t process = NumberVariable("WATCHDOG_PID");
  if (process == 0 || process == getpid()) {
    supervisor.watchdog_timeout_ = std::chrono::microseconds(NumberVariable("WATCHDOG_USEC"));
  }
  return supervisor;
}

Status Supervisor::Notify(std::string_view state) const {
  if (!is_there()) return Status::Ok();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof(address.sun_path) || (socket_[0] != '/' && socket_[0] != '@')) {
    return Status::Config("NOTIFY_SOCKET is no address of a socket: " + socket_);
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = 0;  // abstract
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  if (socket.get() < 0 || sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                 reinterpret_cast<const sockaddr*>(&address), size) < 0) {
    return Status::Unavailable("cannot tell the service manager at " + socket_ + ": " +
                               std::strerror(errno));
  }
  return Status::Ok();
}

}  // namespace avocet
