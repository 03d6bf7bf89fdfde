// HttpHub: the HTTP servers of the process, one for each address, shared by whoever has something
// to serve there.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "src/base/status.h"
#include "src/net/http_server.h"

namespace avocet {

/// Owned by one thread; the servers may be used by any.
class HttpHub {
 public:
  /// `sockets`: where the servers listen, kept open after them; null: until they stop.
  explicit HttpHub(ListenSockets* sockets = nullptr) : sockets_(sockets) {}

  /// The server for an address, not started when it is new: add routes, then Start it. With port 0
  /// there is one server for each host. The first caller's other options hold; kConfig when a later
  /// one asks for another certificate.
  Result<HttpServer*> Server(const HttpServerOptions& options);

  /// Stops all of them at once.
  void Stop(std::chrono::milliseconds grace);

 private:
  ListenSockets* const sockets_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
};

}  // namespace avocet
