// Supervisor: what systemd, or whoever else started this process as a service, is told of it.
// The protocol is that of sd_notify(3): datagrams to the socket named by NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

class Supervisor {
 public:
  /// The one that the environment names (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID); none there:
  /// nobody is told anything.
  static Supervisor FromEnvironment();

  bool is_there() const { return !socket_.empty(); }
  /// It takes this process for hung after so long without "WATCHDOG=1"; zero: never.
  std::chrono::microseconds watchdog_timeout() const { return watchdog_timeout_; }
  /// Sends assignments such as "READY=1", one a line, without waiting. Any thread.
  Status Notify(std::string_view state) const;

 private:
  std::string socket_;  // a path, or "@" and an abstract name; empty: nobody
  std::chrono::microseconds watchdog_timeout_{0};
};

}  // namespace avocet
