#include "src/net/http_server.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "src/net/http_connection.h"

namespace avocet {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using ErrorCode = boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds kAcceptRetry{100};
// How long connections have to notice that they were aborted.
constexpr milliseconds kAbortTime{2'000};

constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 84\r\n\r\n"
    "{\"error\":{\"code\":\"busy\",\"message\":\"too many connections are open; come back "
    "later\"}}";

Status UseCertificate(const HttpServerOptions& options, HttpServerShared* shared) {
  if (options.tls_certificate_file.empty()) return Status::Ok();
  shared->tls.emplace(asio::ssl::context::tls_server);
  asio::ssl::context& tls = *shared->tls;
  ErrorCode error;
  tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1,
                  error);
  tls.use_certificate_chain_file(options.tls_certificate_file, error);
  if (error) {
    return Status::Config("cannot use the certificate " + options.tls_certificate_file + ": " +
                          error.message());
  }
  tls.use_private_key_file(options.tls_key_file, asio::ssl::context::pem, error);
  if (error) {
    return Status::Config("cannot use the private key " + options.tls_key_file + ": " +
                          error.message());
  }
  return Status::Ok();
}

Status ListenStatus(const ErrorCode& error, const ListenAddress& address) {
  const std::string what = "cannot listen on " + address.Text() + ": ";
  if (error == asio::error::address_in_use) {
    return Status::Unavailable(what + "another program listens there; choose another port");
  }
  if (error == asio::error::access_denied) {
    return Status::Permission(what + "ports below 1024 need the rights of an administrator");
  }
  if (error.value() == EADDRNOTAVAIL) {
    return Status::Config(what + "this machine does not have that address");
  }
  return Status::Io(what + error.message());
}

}  // namespace

class HttpServer::Core {
 public:
  explicit Core(std::shared_ptr<HttpServerShared> shared)
      : shared_(std::move(shared)), acceptor_(asio::make_strand(context_)) {}

  Status Listen(uint16_t* port) {
    const ListenAddress& listen = shared_->options.listen;
    ErrorCode error;
    const auto address = asio::ip::make_address(listen.host, error);
    if (error) return Status::Config("cannot listen on " + listen.Text() + ": " + error.message());
    const tcp::endpoint endpoint(address, listen.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return ListenStatus(error, listen);
    *port = acceptor_.local_endpoint(error).port();
    asio::co_spawn(acceptor_.get_executor(), Accept(), asio::detached);
    for (size_t i = 0; i < std::max<size_t>(shared_->options.threads, 1); ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
    return Status::Ok();
  }

  void Stop(milliseconds grace) {
    if (shared_->stopping.exchange(true)) return;
    asio::post(acceptor_.get_executor(), [this] {
      ErrorCode ignored;
      acceptor_.close(ignored);
    });
    ForEach([](HttpConnection* connection) { connection->Finish(); });
    if (!AwaitNone(grace)) {
      ForEach([](HttpConnection* connection) { connection->Abort(); });
      AwaitNone(kAbortTime);
    }
    work_.reset();
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  HttpServerStats stats() const {
    HttpServerStats stats;
    {
      std::lock_guard lock(mutex_);
      stats.connections_open = connections_.size();
    }
    stats.connections_total = connections_total_;
    stats.connections_refused = connections_refused_;
    stats.timeouts = shared_->timeouts;
    stats.body_bytes = shared_->body_bytes;
    stats.body_bytes_held = shared_->body_bytes_held;
    for (size_t i = 1; i < std::size(stats.requests); ++i) stats.requests[i] = shared_->requests[i];
    return stats;
  }

 private:
  asio::awaitable<void> Accept() {
    asio::steady_timer timer(acceptor_.get_executor());
    while (!shared_->stopping) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::make_strand(context_), kAwait);
      if (shared_->stopping) co_return;
      if (error) {
        // Out of descriptors, most likely: connections that end will free some.
        timer.expires_after(kAcceptRetry);
        co_await timer.async_wait(kAwait);
        continue;
      }
      Welcome(std::move(socket));
    }
  }

  void Welcome(tcp::socket socket) {
    ++connections_total_;
    std::shared_ptr<HttpConnection> connection;
    {
      std::lock_guard lock(mutex_);
      if (connections_.size() >= shared_->options.max_connections) {
        ++connections_refused_;
        if (shared_->tls.has_value()) return;
        ErrorCode ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(kTooManyConnections), ignored);
        return;
      }
      connection = MakeHttpConnection(std::move(socket), shared_,
                                      [this](HttpConnection* ended) { Forget(ended); });
      connections_.emplace(connection.get(), connection);
    }
    connection->Run();
    if (shared_->stopping) connection->Finish();
  }

  void Forget(HttpConnection* ended) {
    std::lock_guard lock(mutex_);
    connections_.erase(ended);
    changed_.notify_all();
  }

  template <typename Fn>
  void ForEach(Fn fn) {
    std::vector<std::shared_ptr<HttpConnection>> connections;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [key, connection] : connections_) connections.push_back(connection);
    }
    for (const auto& connection : connections) fn(connection.get());
  }

  bool AwaitNone(milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return connections_.empty(); });
  }

  const std::shared_ptr<HttpServerShared> shared_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  tcp::acceptor acceptor_;
  std::vector<std::thread> threads_;
  std::atomic<uint64_t> connections_total_ = 0;
  std::atomic<uint64_t> connections_refused_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;  // guarded by mutex_
};

HttpServer::HttpServer(HttpServerOptions options) : options_(std::move(options)) {}

HttpServer::~HttpServer() { Stop(milliseconds(0)); }

Status HttpServer::Start() {
  if (core_ != nullptr) return Status::Ok();
  auto shared = std::make_shared<HttpServerShared>();
  shared->options = options_;
  shared->router = router_;
  AVOCET_RETURN_IF_ERROR(UseCertificate(options_, shared.get()));
  auto core = std::make_unique<Core>(std::move(shared));
  AVOCET_RETURN_IF_ERROR(core->Listen(&port_));
  core_ = std::move(core);
  return Status::Ok();
}

void HttpServer::Stop(milliseconds grace) {
  if (core_ != nullptr) core_->Stop(grace);
}

HttpServerStats HttpServer::stats() const {
  return core_ == nullptr ? HttpServerStats() : core_->stats();
}

}  // namespace avocet
