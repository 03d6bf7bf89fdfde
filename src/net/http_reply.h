// HttpReply: the answer to one request, given when it is known and from whichever thread knows it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "src/net/http_message.h"

namespace avocet {

/// What a connection does with answers; implemented by the server.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual void Send(HttpResponse response) = 0;
  virtual void Begin(HttpResponse head) = 0;
  virtual bool Write(std::string bytes) = 0;
  virtual void End() = 0;
  virtual bool IsClosed() const = 0;
};

/// A response that is written piece by piece, for example server-sent events. Any thread may use
/// it, one at a time. Destroying it ends the response.
class HttpStream {
 public:
  explicit HttpStream(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  HttpStream(HttpStream&&) = default;
  HttpStream& operator=(HttpStream&&) = default;
  ~HttpStream() {
    if (exchange_ != nullptr) exchange_->End();
  }

  /// Queues `bytes`. False, and nothing is queued, when the client is gone, the server is stopping,
  /// or so much is waiting that the client is too slow: the caller drops it or tries again later.
  bool Write(std::string bytes) { return exchange_->Write(std::move(bytes)); }
  /// The client is gone or the server is stopping.
  bool IsClosed() const { return exchange_->IsClosed(); }

 private:
  std::shared_ptr<HttpExchange> exchange_;
};

/// Answers once, from any thread, before or after the handler has returned. When it is destroyed
/// without an answer, the client gets a 500.
class HttpReply {
 public:
  explicit HttpReply(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  HttpReply(HttpReply&&) = default;
  HttpReply& operator=(HttpReply&&) = default;
  ~HttpReply() {
    if (exchange_ == nullptr) return;
    exchange_->Send(HttpResponse::Error(500, "internal", "the request was not answered"));
  }

  /// The client is gone or the server is stopping: an answer would be for nobody.
  bool IsClosed() const { return exchange_->IsClosed(); }
  void Send(HttpResponse response) {
    const auto exchange = std::move(exchange_);
    exchange->Send(std::move(response));
  }
  /// Sends status and headers at once; the body of `head` is its first piece.
  HttpStream Stream(HttpResponse head) {
    auto exchange = std::move(exchange_);
    exchange->Begin(std::move(head));
    return HttpStream(std::move(exchange));
  }

 private:
  std::shared_ptr<HttpExchange> exchange_;
};

}  // namespace avocet
