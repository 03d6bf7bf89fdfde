// HttpServer: an HTTP/1.1 server for the API, the dashboard, event streams and metrics.
//
// Everything a client can make it hold is limited: connections, header, body, all bodies together,
// the time of each step. TLS when given a certificate.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/net/http_router.h"
#include "src/net/listen_address.h"
#include "src/net/listen_sockets.h"

namespace avocet {

struct HttpServerOptions {
  ListenAddress listen;
  size_t threads = 1;
  size_t max_connections = 1024;  ///< further ones are told to come back, and closed
  size_t max_header_bytes = size_t{16} << 10;
  size_t max_body_bytes_total = size_t{128} << 20;   ///< of requests being received or answered
  size_t max_stream_bytes = size_t{1} << 20;         ///< waiting for one slow reader of a stream
  std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte; and of the handshake
  std::chrono::milliseconds body_timeout{60'000};    ///< for the whole body
  std::chrono::milliseconds idle_timeout{75'000};    ///< between two requests
  std::chrono::milliseconds write_timeout{30'000};   ///< for each piece of a response
  std::string tls_certificate_file;                  ///< PEM chain; empty: no TLS
  std::string tls_key_file;
  /// Browsers must name this machine in Host: a page of a foreign site cannot reach a server that
  /// is protected only by its loopback address.
  bool loopback_hosts_only = false;
};

/// Counted since the start. For metrics.
struct HttpServerStats {
  uint64_t connections_open = 0;
  uint64_t connections_total = 0;
  uint64_t connections_refused = 0;  ///< there were too many
  uint64_t timeouts = 0;             ///< clients that were too slow
  uint64_t requests[6] = {};         ///< by first digit of the status; [0] unused
  uint64_t body_bytes = 0;           ///< received
  uint64_t body_bytes_held = 0;      ///< at present
};

class HttpServer {
 public:
  /// `sockets`: gives the socket that it listens with; null: it has one of its own.
  explicit HttpServer(HttpServerOptions options, ListenSockets* sockets = nullptr);
  /// Stops without grace.
  ~HttpServer();

  /// Routes may come and go while the server runs.
  HttpRouter& router() { return *router_; }
  const HttpServerOptions& options() const { return options_; }

  /// Listens and serves on its own threads. Does nothing when it runs already. kUnavailable when
  /// the address is taken, kConfig for an address of another machine or a certificate that cannot
  /// be used, kPermission for a port that needs rights.
  Status Start();
  /// The port, also when the options say "any".
  uint16_t port() const { return port_; }
  /// What clients will complain of; empty when nothing is known. Does not change after Start.
  const std::string& warning() const { return warning_; }
  /// Takes no more connections, gives new ones a moment for their first request, closes idle ones,
  /// ends streams, lets running requests finish for `grace` and cuts off the rest. The handlers
  /// have returned; replies that come later go nowhere.
  void Stop(std::chrono::milliseconds grace);

  HttpServerStats stats() const;

 private:
  class Core;

  HttpServerOptions options_;
  ListenSockets* const sockets_;
  std::shared_ptr<HttpRouter> router_ = std::make_shared<HttpRouter>();
  std::unique_ptr<Core> core_;
  uint16_t port_ = 0;
  std::string warning_;
};

}  // namespace avocet
