// HttpConnection: one client, from its first byte to its last. Part of HttpServer.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "src/net/http_router.h"
#include "src/net/http_server.h"

namespace avocet {

/// What the connections of one server have in common. Any thread may use it.
struct HttpServerShared {
  HttpServerOptions options;
  std::shared_ptr<HttpRouter> router;
  std::optional<boost::asio::ssl::context> tls;
  std::atomic<bool> stopping = false;
  std::atomic<size_t> body_bytes_held = 0;
  std::atomic<uint64_t> timeouts = 0;
  std::atomic<uint64_t> body_bytes = 0;
  std::atomic<uint64_t> requests[6] = {};
};

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  /// Serves until the client or the server has enough. The connection keeps itself alive.
  virtual void Run() = 0;
  /// Any thread: closes when no request is being answered, else after the answer; ends a stream.
  virtual void Finish() = 0;
  /// Any thread: closes at once.
  virtual void Abort() = 0;
};

/// `socket` must have a strand of its own as executor. `done` is called once at the end.
std::shared_ptr<HttpConnection> MakeHttpConnection(boost::asio::ip::tcp::socket socket,
                                                   std::shared_ptr<HttpServerShared> shared,
                                                   std::function<void(HttpConnection*)> done);

}  // namespace avocet
