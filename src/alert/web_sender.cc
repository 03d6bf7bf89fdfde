#include "src/alert/web_sender.h"

#include <utility>

namespace avocet {

Result<WebReply> PostJson(const std::string& url, std::string body, Duration timeout,
                          bool allow_private, std::vector<std::string> headers) {
  WebRequest request;
  request.url = url;
  request.body = std::move(body);
  request.headers = std::move(headers);
  request.headers.emplace_back("Content-Type: application/json; charset=utf-8");
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  request.allow_private = allow_private;
  return SendToWeb(request);
}

}  // namespace avocet
