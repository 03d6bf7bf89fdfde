// ListenSockets: sockets that listen from one server to the next. While there is none, clients
// wait in the queue of the system instead of being refused.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/env/file_descriptor.h"
#include "src/net/listen_address.h"

namespace avocet {

/// Listens at `address`. kUnavailable when the address is taken, kConfig for one of another
/// machine, kPermission for a port that needs rights.
Result<FileDescriptor> ListenAt(const ListenAddress& address);

/// Owned by one thread; outlives the servers.
class ListenSockets {
 public:
  /// A descriptor of its own for the socket that listens at `address`: one of before, else a new
  /// one. Errors of ListenAt.
  Result<FileDescriptor> Open(const ListenAddress& address);

  /// From here on counts what is used.
  void StartRound();
  /// Closes the sockets that were not opened in this round.
  void EndRound();

 private:
  struct Socket {
    ListenAddress address;
    FileDescriptor descriptor;
    bool used = false;
  };

  std::vector<Socket> sockets_;
};

}  // namespace avocet
