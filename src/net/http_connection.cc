#include "src/net/http_connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <functional>
#include <string>
#include <utility>

#include "src/net/connection_exchange.h"
#include "src/net/http_response_head.h"

namespace avocet {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;

using ErrorCode = boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr size_t kReadBytes = size_t{16} << 10;
// What a client may still send after an answer that did not wait for all of its request. Closing
// at once would reset the connection, and the client might never see the answer.
constexpr milliseconds kLingerTime{2'000};
constexpr size_t kLingerBytes = size_t{32} << 20;
// How often to see whether the client of a request that takes long is still there.
constexpr milliseconds kLookForClient{200};
// How long a client that has just connected may take for its request when the server stops.
constexpr milliseconds kLastRequest{1'000};

// The share of one request in the bytes that all requests together may hold.
class HeldBytes {
 public:
  explicit HeldBytes(HttpServerShared* shared) : shared_(*shared) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() { shared_.body_bytes_held -= held_; }

  bool Take(size_t bytes) {
    if (shared_.body_bytes_held.fetch_add(bytes) + bytes > shared_.options.max_body_bytes_total) {
      shared_.body_bytes_held -= bytes;
      return false;
    }
    held_ += bytes;
    return true;
  }

 private:
  HttpServerShared& shared_;
  size_t held_ = 0;
};

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

using Parser = http::request_parser<http::buffer_body>;

template <typename Stream>
class Connection : public HttpConnection, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, std::shared_ptr<HttpServerShared> shared,
             std::function<void(HttpConnection*)> done)
      : stream_(std::move(stream)),
        shared_(std::move(shared)),
        done_(std::move(done)),
        wake_timer_(stream_.get_executor()) {
    wake_timer_.expires_at(asio::steady_timer::time_point::max());
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override {
    if (exchange_ != nullptr) exchange_->Detach();
  }

  void Run() override {
    asio::co_spawn(stream_.get_executor(), Serve(),
                   [self = this->shared_from_this()](const std::exception_ptr&) {
                     // Whatever ended it, nothing of the connection is left to be saved.
                     ErrorCode ignored;
                     self->socket().close(ignored);
                     self->done_(self.get());
                   });
  }

  void Finish() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->finishing_ = true;
      if (self->exchange_ != nullptr) {
        if (self->streaming_) self->exchange_->Close();
        return;
      }
      if (!self->idle_) return;
      if (self->is_new_) return self->EndSoon();
      self->lowest().cancel();
    });
  }

  void Abort() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->finishing_ = true;
      ErrorCode ignored;
      self->socket().close(ignored);
      if (self->exchange_ != nullptr) self->exchange_->Close();
    });
  }

 private:
  // What is known once a request has been read, or refused.
  struct Incoming {
    HttpRequest request;
    uint64_t route = 0;
    bool head_only = false;
    bool keep_alive = false;
    int version = 11;
    std::optional<HttpResponse> refusal;
  };

  auto& lowest() { return beast::get_lowest_layer(stream_); }
  tcp::socket& socket() { return lowest().socket(); }
  const HttpServerOptions& options() const { return shared_->options; }

  asio::awaitable<void> Serve() {
    ErrorCode error;
    const tcp::endpoint peer = socket().remote_endpoint(error);
    if (error) co_return;
    remote_ = peer.address().to_string();
    socket().set_option(tcp::no_delay(true), error);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(options().header_timeout);
      const auto [failed] =
          co_await stream_.async_handshake(asio::ssl::stream_base::server, kAwait);
      if (failed) co_return;
    }
    // Who came while the server was there is answered once.
    bool more = co_await ServeOne();
    while (more && !IsEnding()) more = co_await ServeOne();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(options().write_timeout);
      co_await stream_.async_shutdown(kAwait);
    }
  }

  bool IsEnding() const { return finishing_ || shared_->stopping; }

  // It may have sent a request that has not been read yet.
  void EndSoon() {
    wake_timer_.expires_after(kLastRequest);
    wake_timer_.async_wait([self = this->shared_from_this()](const ErrorCode& cancelled) {
      if (!cancelled && self->idle_) self->lowest().cancel();
    });
  }

  // One request and its answer; true when another may follow.
  asio::awaitable<bool> ServeOne() {
    const bool alive = co_await AwaitFirstByte();
    if (!alive) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options().max_header_bytes));
    parser.body_limit(boost::none);  // the route's limit has a better answer
    Incoming incoming;
    HeldBytes held(shared_.get());
    const bool readable = co_await ReadHeader(&parser, &incoming);
    if (!readable) co_return false;
    if (!incoming.refusal.has_value()) co_await ReadBody(&parser, &held, &incoming);
    if (gone_) co_return false;
    if (incoming.refusal.has_value()) {
      // What is left of the request cannot be told from a next one.
      const bool complete = parser.is_done();
      incoming.keep_alive = incoming.keep_alive && complete;
      const bool sent = co_await SendWhole(*incoming.refusal, incoming);
      if (sent && !complete) co_await Linger();
      co_return sent&& incoming.keep_alive;
    }
    const bool sent = co_await Answer(&incoming);
    if (!sent) co_return false;
    co_return incoming.keep_alive;
  }

  asio::awaitable<bool> AwaitFirstByte() {
    if (buffer_.size() > 0) co_return true;
    idle_ = true;
    lowest().expires_after(IsEnding() ? kLastRequest : options().idle_timeout);
    const auto [error, size] =
        co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
    idle_ = false;
    is_new_ = false;
    if (error) co_return false;
    buffer_.commit(size);
    co_return true;
  }

  // False when there is nobody to answer.
  asio::awaitable<bool> ReadHeader(Parser* parser, Incoming* incoming) {
    lowest().expires_after(options().header_timeout);
    const auto [error, size] = co_await http::async_read_header(stream_, buffer_, *parser, kAwait);
    static_cast<void>(size);
    if (error == beast::error::timeout) {
      ++shared_->timeouts;
      co_return false;
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      Refuse(incoming,
             HttpResponse::Error(431, "header_too_large",
                                 "the header of the request is larger than " +
                                     std::to_string(options().max_header_bytes) + " bytes"));
      co_return true;
    }
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      Refuse(incoming,
             HttpResponse::Error(400, "bad_request", "this is not HTTP/1.1: " + error.message()));
      co_return true;
    }
    if (error) co_return false;
    TakeHeader(*parser, incoming);
    co_return true;
  }

  static void Refuse(Incoming* incoming, HttpResponse response) {
    incoming->refusal = std::move(response);
  }

  void TakeHeader(const Parser& parser, Incoming* incoming) {
    const auto& message = parser.get();
    HttpRequest& request = incoming->request;
    incoming->keep_alive = message.keep_alive();
    incoming->version = static_cast<int>(message.version());
    request.remote = remote_;
    request.method = View(message.method_string());
    incoming->head_only = request.method == "HEAD";
    if (incoming->head_only) request.method = "GET";
    for (const auto& field : message) {
      request.headers.emplace_back(View(field.name_string()), View(field.value()));
    }
    if (!ParseTarget(View(message.target()), &request)) {
      Refuse(incoming, HttpResponse::Error(400, "bad_target", "the request names no valid path"));
      return;
    }
    CheckOrigin(request, incoming);
    if (!incoming->refusal.has_value()) Route(parser, incoming);
  }

  // A browser sends what a page of another site asks for, with the reach of its user's machine.
  void CheckOrigin(const HttpRequest& request, Incoming* incoming) const {
    const std::string_view host = request.Header("Host");
    if (options().loopback_hosts_only) {
      const bool bracketed = host.starts_with('[');
      const size_t end = bracketed ? host.find(']') + 1 : host.find(':');
      if (!host.empty() && !IsLoopbackHost(host.substr(0, end))) {
        Refuse(incoming,
               HttpResponse::Error(403, "foreign_host", "this server answers only to localhost"));
        return;
      }
    }
    const std::string_view origin = request.Header("Origin");
    if (origin.empty() || request.method == "GET") return;
    const size_t scheme = origin.find("://");
    if (scheme != std::string_view::npos && origin.substr(scheme + 3) == host) return;
    Refuse(incoming, HttpResponse::Error(403, "foreign_origin",
                                         "pages of other sites may not send requests here"));
  }

  void Route(const Parser& parser, Incoming* incoming) {
    HttpRequest& request = incoming->request;
    const HttpRouter::Match match = shared_->router->Find(request.method, &request);
    if (match.id == 0 && match.allow.empty()) {
      Refuse(incoming,
             HttpResponse::Error(404, "not_found", "there is nothing at " + request.path));
      return;
    }
    if (match.id == 0) {
      HttpResponse response = HttpResponse::Error(405, "method_not_allowed",
                                                  request.path + " takes only " + match.allow);
      response.headers.emplace_back("Allow", match.allow);
      Refuse(incoming, std::move(response));
      return;
    }
    if (match.tokens != nullptr) {
      const BearerToken* token = match.tokens->Find(request.Header("Authorization"));
      if (token == nullptr) {
        HttpResponse response = HttpResponse::Error(
            401, "unauthorized", "send a valid token: Authorization: Bearer ...");
        response.headers.emplace_back("WWW-Authenticate", "Bearer");
        Refuse(incoming, std::move(response));
        return;
      }
      request.token_name = token->name;
      request.device_prefix = token->device_prefix;
    }
    incoming->route = match.id;
    max_body_bytes_ = match.max_body_bytes;
    const auto length = parser.content_length();
    if (length.has_value() && *length > max_body_bytes_) RefuseBody(incoming);
  }

  void RefuseBody(Incoming* incoming) const {
    Refuse(incoming, HttpResponse::Error(
                         413, "body_too_large",
                         "the body is larger than " + std::to_string(max_body_bytes_) + " bytes"));
  }

  asio::awaitable<void> ReadBody(Parser* parser, HeldBytes* held, Incoming* incoming) {
    if (parser->is_done()) co_return;
    if (EqualsIgnoringCase(incoming->request.Header("Expect"), "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      lowest().expires_after(options().write_timeout);
      const auto [error, size] =
          co_await asio::async_write(stream_, asio::buffer(kContinue), kAwait);
      static_cast<void>(size);
      gone_ = static_cast<bool>(error);
      if (gone_) co_return;
    }
    std::string& body = incoming->request.body;
    if (const auto length = parser->content_length(); length.has_value()) {
      if (!held->Take(static_cast<size_t>(*length))) {
        RefuseForWant(incoming);
        co_return;
      }
      body.reserve(static_cast<size_t>(*length));
    }
    const bool counted = parser->content_length().has_value();
    lowest().expires_after(options().body_timeout);
    std::array<char, kReadBytes> piece;
    while (!parser->is_done()) {
      parser->get().body().data = piece.data();
      parser->get().body().size = piece.size();
      auto [error, read] = co_await http::async_read_some(stream_, buffer_, *parser, kAwait);
      static_cast<void>(read);
      if (error == http::error::need_buffer) error = {};
      if (error == beast::error::timeout) ++shared_->timeouts;
      if (error) {
        gone_ = true;  // a body that ends early is no request
        co_return;
      }
      const size_t size = piece.size() - parser->get().body().size;
      shared_->body_bytes += size;
      if (body.size() + size > max_body_bytes_) {
        RefuseBody(incoming);
        co_return;
      }
      if (!counted && !held->Take(size)) {
        RefuseForWant(incoming);
        co_return;
      }
      body.append(piece.data(), size);
    }
  }

  static void RefuseForWant(Incoming* incoming) {
    Refuse(incoming,
           HttpResponse::Busy(503, "busy", "too many requests are being received at once", 1));
  }

  asio::awaitable<bool> Answer(Incoming* incoming) {
    lowest().expires_never();
    const auto exchange =
        std::make_shared<ConnectionExchange>([this] { PostWake(); }, options().max_stream_bytes);
    exchange_ = exchange;
    // When the route has gone in between, the reply is destroyed, and so answers by itself.
    shared_->router->Call(incoming->route, std::move(incoming->request), HttpReply(exchange));
    bool streams = false;
    std::optional<HttpResponse> response;
    while (!response.has_value() && !exchange->MustEnd()) {
      co_await AwaitAnswer(exchange.get());
      response = exchange->TakeResponse(&streams);
    }
    bool sent = false;
    if (response.has_value()) {
      if (streams) {
        sent = co_await SendStream(*response, exchange.get(), incoming);
      } else {
        sent = co_await SendWhole(*response, *incoming);
      }
    }
    exchange->Detach();
    exchange_.reset();
    co_return sent;
  }

  void PostWake() {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->woken_ = true;
      self->wake_timer_.cancel();
    });
  }

  asio::awaitable<void> AwaitWake() {
    while (!woken_) co_await wake_timer_.async_wait(kAwait);
    woken_ = false;
  }

  asio::awaitable<void> AwaitAnswer(ConnectionExchange* exchange) {
    while (!woken_) {
      wake_timer_.expires_after(kLookForClient);
      co_await wake_timer_.async_wait(kAwait);
      if (!woken_ && ClientHasLeft()) exchange->MarkClientLeft();
    }
    wake_timer_.expires_at(asio::steady_timer::time_point::max());
    woken_ = false;
  }

  bool ClientHasLeft() {
    pollfd peer = {socket().native_handle(), POLLRDHUP, 0};
    return poll(&peer, 1, 0) > 0;
  }

  asio::awaitable<bool> Write(std::string_view first, std::string_view second) {
    lowest().expires_after(options().write_timeout);
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(first), asio::buffer(second)};
    const auto [error, size] = co_await asio::async_write(stream_, buffers, kAwait);
    static_cast<void>(size);
    if (error == beast::error::timeout) ++shared_->timeouts;
    co_return !error;
  }

  asio::awaitable<bool> SendWhole(const HttpResponse& response, const Incoming& incoming) {
    Count(response.status);
    const bool keep_alive = incoming.keep_alive && !IsEnding();
    const std::string head =
        ResponseHead(response, keep_alive, incoming.version, BodyFraming::kLength);
    const std::string_view body = incoming.head_only ? std::string_view() : response.body;
    co_return co_await Write(head, body);
  }

  // HTTP/1.0 has no chunks: there the end of the connection is the end of the body.
  asio::awaitable<bool> SendStream(const HttpResponse& response, ConnectionExchange* exchange,
                                   Incoming* incoming) {
    Count(response.status);
    const bool chunked = incoming->version >= 11;
    incoming->keep_alive = incoming->keep_alive && chunked;
    streaming_ = true;
    if (finishing_) exchange->Close();
    const std::string head =
        ResponseHead(response, incoming->keep_alive, incoming->version,
                     chunked ? BodyFraming::kChunks : BodyFraming::kConnection);
    bool ok = co_await Write(head, {});
    std::string piece = response.body;
    bool last = incoming->head_only;
    if (last) piece.clear();
    while (ok) {
      if (!piece.empty()) {
        if (chunked) piece = Chunk(piece);
        ok = co_await Write(piece, {});
        if (!ok) break;
      }
      if (last) break;
      lowest().expires_never();
      piece = exchange->TakePieces(&last);
      if (piece.empty() && !last) co_await AwaitWake();
    }
    if (ok && chunked && !incoming->head_only) ok = co_await Write(kLastChunk, {});
    streaming_ = false;
    co_return ok;
  }

  // Reads and forgets until the client has seen the answer and closes, within limits.
  asio::awaitable<void> Linger() {
    ErrorCode ignored;
    if constexpr (std::is_same_v<Stream, PlainStream>) {
      socket().shutdown(tcp::socket::shutdown_send, ignored);
    }
    lowest().expires_after(kLingerTime);
    std::array<char, kReadBytes> scratch;
    for (size_t read = 0; read < kLingerBytes;) {
      const auto [error, size] = co_await stream_.async_read_some(asio::buffer(scratch), kAwait);
      if (error) co_return;
      read += size;
    }
  }

  void Count(int status) {
    const int digit = std::clamp(status / 100, 1, 5);
    ++shared_->requests[digit];
  }

  Stream stream_;
  const std::shared_ptr<HttpServerShared> shared_;
  const std::function<void(HttpConnection*)> done_;
  beast::flat_buffer buffer_;
  std::string remote_;

  // All of the strand.
  std::shared_ptr<ConnectionExchange> exchange_;  // of the request being answered
  asio::steady_timer wake_timer_;                 // cancelled to wake the coroutine
  bool woken_ = false;
  size_t max_body_bytes_ = 0;  // of the route of the request being read
  bool idle_ = false;
  bool is_new_ = true;  // nothing has been received
  bool streaming_ = false;
  bool finishing_ = false;
  bool gone_ = false;
};

}  // namespace

std::shared_ptr<HttpConnection> MakeHttpConnection(tcp::socket socket,
                                                   std::shared_ptr<HttpServerShared> shared,
                                                   std::function<void(HttpConnection*)> done) {
  if (shared->tls.has_value()) {
    TlsStream stream(std::move(socket), *shared->tls);
    return std::make_shared<Connection<TlsStream>>(std::move(stream), std::move(shared),
                                                   std::move(done));
  }
  return std::make_shared<Connection<PlainStream>>(PlainStream(std::move(socket)),
                                                   std::move(shared), std::move(done));
}

}  // namespace avocet
