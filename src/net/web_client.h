// A client for HTTP and HTTPS, for requests to servers that the configuration names.
//
// The host is resolved once, its addresses are judged, and the connection goes to one of them and
// nowhere else: no redirects, no proxies, no other protocols. Any thread; blocks.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct WebRequest {
  std::string method = "POST";
  std::string url;
  std::vector<std::string> headers;           ///< "Name: value"
  std::string body;                           ///< of methods other than GET
  std::chrono::milliseconds timeout{10'000};  ///< with on_body: of the longest silence
  bool allow_private = false;                 ///< addresses that are not public too
  std::string ca_file;                        ///< PEM; empty: the system's authorities
  size_t max_reply_bytes = size_t{64} << 10;
  /// Gets the body of a success as it comes, instead of the reply, and returns whether it wants
  /// more. May be empty.
  std::function<bool(std::string_view)> on_body;
  /// Asked about once a second; true ends the exchange. May be empty.
  std::function<bool()> is_unwanted;
};

struct WebReply {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< at most its first max_reply_bytes
};

/// Sends and waits for the reply. kUnavailable when there is none, kPermission when the address is
/// not allowed, kInvalid for a URL that makes no sense, kCancelled when it is not wanted any more.
/// Messages never hold more of the URL than the host.
Result<WebReply> SendToWeb(const WebRequest& request);

/// How long the server asks to wait; nothing when it does not say so in seconds.
std::optional<std::chrono::seconds> RetryAfter(const WebReply& reply);

}  // namespace avocet
