// HttpRouter: which handler answers which request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "src/net/bearer_tokens.h"
#include "src/net/http_message.h"
#include "src/net/http_reply.h"

namespace avocet {

/// Answers a request. Runs on a thread of the server, so it must not block: what takes long is
/// answered later through the reply. May be called from several threads at once.
using HttpHandler = std::function<void(HttpRequest request, HttpReply reply)>;

struct HttpRoute {
  std::string method;  ///< "GET", "POST", ...; GET answers HEAD, too
  std::string
      pattern;  ///< "/api/v1/devices/{id}"; a last segment "{rest...}" takes all that follows
  HttpHandler handler;
  size_t max_body_bytes = 0;  ///< a larger body is answered with 413
  /// Who may call it; null: everybody who can connect.
  std::shared_ptr<const BearerTokens> tokens;
};

/// Any thread may use it.
class HttpRouter {
 public:
  /// Routes are tried in the order in which they were added. Returns a number for Remove.
  uint64_t Add(HttpRoute route);
  /// Afterwards the handler is not running and will not be called again. Not from a handler.
  void Remove(uint64_t id);

  struct Match {
    uint64_t id = 0;  ///< 0: no route
    size_t max_body_bytes = 0;
    std::shared_ptr<const BearerTokens> tokens;
    std::string allow;  ///< without a route: the methods that the path has, as in "GET, POST"
  };
  /// Finds the route and sets `request->parameters`.
  Match Find(std::string_view method, HttpRequest* request) const;
  /// Calls the handler of a route; does nothing when it has gone.
  void Call(uint64_t id, HttpRequest&& request, HttpReply&& reply) const;

 private:
  struct Entry {
    uint64_t id;
    std::vector<std::string> segments;
    HttpRoute route;
  };

  mutable std::shared_mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
  uint64_t last_id_ = 0;        // guarded by mutex_
};

}  // namespace avocet
