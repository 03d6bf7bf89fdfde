#include "src/net/http_server.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

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

#include "src/net/certificate_fault.h"
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

// Empty when clients can trust it as far as time goes.
std::string CertificateWarning(const std::string& file, SSL_CTX* tls) {
  const X509* const certificate = SSL_CTX_get0_certificate(tls);
  if (certificate == nullptr || X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0) {
    return {};
  }
  return "clients refuse the certificate " + file + ": " +
         CertificateFault(X509_V_ERR_CERT_HAS_EXPIRED, certificate, "");
}

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

}  // namespace

class HttpServer::Core {
 public:
  explicit Core(std::shared_ptr<HttpServerShared> shared)
      : shared_(std::move(shared)), acceptor_(asio::make_strand(context_)) {}

  Status Serve(FileDescriptor socket, uint16_t* port) {
    const ListenAddress& listen = shared_->options.listen;
    ErrorCode error;
    const bool is_v6 = asio::ip::make_address(listen.host, error).is_v6();
    acceptor_.assign(is_v6 ? tcp::v6() : tcp::v4(), socket.get(), error);
    if (error) return Status::Io("cannot listen on " + listen.Text() + ": " + error.message());
    static_cast<void>(socket.Release());
    *port = acceptor_.local_endpoint(error).port();
    asio::co_spawn(acceptor_.get_executor(), Accept(), asio::detached);
    for (size_t i = 0; i < std::max<size_t>(shared_->options.threads, 1); ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
    return Status::Ok();
  }

  void Stop(milliseconds grace) {
    if (shared_->stopping.exchange(true)) return;
    asio::post(acceptor_.get_executor(), [this] { StopListening(); });
    Await(kAbortTime, [this] { return !accepting_; });
    ForEach([](HttpConnection* connection) { connection->Finish(); });
    const auto none = [this] { return connections_.empty(); };
    if (!Await(grace, none)) {
      ForEach([](HttpConnection* connection) { connection->Abort(); });
      Await(kAbortTime, none);
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
      if (!error) {
        Welcome(std::move(socket));
      } else if (!shared_->stopping) {
        // Out of descriptors, most likely: connections that end will free some.
        timer.expires_after(kAcceptRetry);
        co_await timer.async_wait(kAwait);
      }
    }
    std::lock_guard lock(mutex_);
    accepting_ = false;
    changed_.notify_all();
  }

  // The socket may go on listening through another descriptor. Closing this one would leave it in
  // the set of events that is waited for; releasing it does not.
  void StopListening() {
    ErrorCode error;
    const FileDescriptor released(acceptor_.release(error));
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

  // `condition` is looked at under the mutex.
  template <typename Condition>
  bool Await(milliseconds most, Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, condition);
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
  bool accepting_ = true;                                                   // guarded by mutex_
  std::map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;  // guarded by mutex_
};

HttpServer::HttpServer(HttpServerOptions options, ListenSockets* sockets)
    : options_(std::move(options)), sockets_(sockets) {}

HttpServer::~HttpServer() { Stop(milliseconds(0)); }

Status HttpServer::Start() {
  if (core_ != nullptr) return Status::Ok();
  auto shared = std::make_shared<HttpServerShared>();
  shared->options = options_;
  shared->router = router_;
  AVOCET_RETURN_IF_ERROR(UseCertificate(options_, shared.get()));
  if (shared->tls) {
    warning_ = CertificateWarning(options_.tls_certificate_file, shared->tls->native_handle());
  }
  AVOCET_ASSIGN_OR_RETURN(FileDescriptor socket, sockets_ != nullptr
                                                     ? sockets_->Open(options_.listen)
                                                     : ListenAt(options_.listen));
  auto core = std::make_unique<Core>(std::move(shared));
  AVOCET_RETURN_IF_ERROR(core->Serve(std::move(socket), &port_));
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
