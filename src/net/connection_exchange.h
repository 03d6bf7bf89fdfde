// ConnectionExchange: what the thread that answers a request and its connection share.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "src/net/http_message.h"
#include "src/net/http_reply.h"

namespace avocet {

/// May outlive the connection, which detaches from it. Any thread.
class ConnectionExchange : public HttpExchange {
 public:
  /// `wake` is called, perhaps often, when there is something for the connection to look at. So
  /// much of a stream may wait for the client.
  ConnectionExchange(std::function<void()> wake, size_t max_stream_bytes)
      : max_stream_bytes_(max_stream_bytes), wake_(std::move(wake)) {}

  // For who answers.
  void Send(HttpResponse response) override {
    std::lock_guard lock(mutex_);
    response_ = std::move(response);
    Wake();
  }
  void Begin(HttpResponse head) override {
    std::lock_guard lock(mutex_);
    streams_ = true;
    response_ = std::move(head);
    Wake();
  }
  bool Write(std::string bytes) override {
    std::lock_guard lock(mutex_);
    if (closed_ || pieces_.size() + bytes.size() > max_stream_bytes_) return false;
    pieces_ += bytes;
    Wake();
    return true;
  }
  void End() override {
    std::lock_guard lock(mutex_);
    ended_ = true;
    Wake();
  }
  bool IsClosed() const override {
    std::lock_guard lock(mutex_);
    return closed_ || client_has_left_;
  }

  // For the connection.
  /// The client sends nothing more, and most likely reads nothing. Should it only have closed its
  /// half of the connection, the answer still reaches it.
  void MarkClientLeft() {
    std::lock_guard lock(mutex_);
    client_has_left_ = true;
  }
  /// Nothing will be sent any more.
  bool MustEnd() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }
  /// The client is gone or the server stops.
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    Wake();
  }
  /// Closes, and never wakes again.
  void Detach() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    wake_ = nullptr;
  }
  /// The answer or the head of a stream, once.
  std::optional<HttpResponse> TakeResponse(bool* streams) {
    std::lock_guard lock(mutex_);
    *streams = streams_;
    return std::exchange(response_, std::nullopt);
  }
  /// What is to be written next; `*last` when nothing follows.
  std::string TakePieces(bool* last) {
    std::lock_guard lock(mutex_);
    *last = ended_ || closed_;
    return std::exchange(pieces_, {});
  }

 private:
  void Wake() {
    if (wake_ != nullptr) wake_();
  }

  const size_t max_stream_bytes_;

  mutable std::mutex mutex_;
  std::function<void()> wake_;            // guarded by mutex_
  std::optional<HttpResponse> response_;  // guarded by mutex_
  std::string pieces_;                    // guarded by mutex_
  bool streams_ = false;                  // guarded by mutex_
  bool ended_ = false;                    // guarded by mutex_
  bool closed_ = false;                   // guarded by mutex_
  bool client_has_left_ = false;          // guarded by mutex_
};

}  // namespace avocet
