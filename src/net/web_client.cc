#include "src/net/web_client.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "src/base/ascii.h"
#include "src/net/curl_handles.h"
#include "src/net/pinned_host.h"

namespace avocet {
namespace {

constexpr long kMaxConnectMs = 5'000;

struct Exchange {
  const WebRequest& request;
  CURL* curl;
  WebReply reply;
  bool is_unwanted = false;
};

size_t OnBody(char* data, size_t, size_t size, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  long status = 0;
  curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
  if (exchange->request.on_body && status / 100 == 2) {
    exchange->is_unwanted = !exchange->request.on_body({data, size});
    return exchange->is_unwanted ? 0 : size;
  }
  std::string& text = exchange->reply.body;
  text.append(data, std::min(size, exchange->request.max_reply_bytes - text.size()));
  return size;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto* exchange = static_cast<Exchange*>(user);
  exchange->is_unwanted = exchange->is_unwanted || exchange->request.is_unwanted();
  return exchange->is_unwanted ? 1 : 0;
}

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto* headers = static_cast<std::map<std::string, std::string>*>(user);
  std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || headers->size() >= 100) return size;
  const std::string name = AsciiLower(line.substr(0, colon));
  line.remove_prefix(colon + 1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  (*headers)[name] = line;
  return size;
}

}  // namespace

Result<WebReply> SendToWeb(const WebRequest& request) {
  InitializeCurlOnce();
  AVOCET_ASSIGN_OR_RETURN(const PinnedHost target,
                          PinHost(request.url, {"http", "https"}, request.allow_private));
  const CurlOwned<curl_slist> resolve(curl_slist_append(nullptr, target.pin.c_str()));
  curl_slist* lines = nullptr;
  for (const std::string& header : request.headers)
    lines = curl_slist_append(lines, header.c_str());
  lines = curl_slist_append(lines, "Expect:");
  const CurlOwned<curl_slist> headers(lines);

  const CurlOwned<CURL> handle(curl_easy_init());
  CURL* curl = handle.get();
  Exchange exchange{.request = request, .curl = curl, .reply = {}};
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve.get());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (request.on_body) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(request.timeout);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds.count()));
  } else {
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  }
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   std::min(kMaxConnectMs, static_cast<long>(request.timeout.count())));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "avocet");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  if (!request.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange.reply.headers);
  if (request.is_unwanted) {
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  }
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  const CURLcode code = curl_easy_perform(curl);
  if (exchange.is_unwanted) return Status::Cancelled("nobody waits for " + target.name);
  if (code != CURLE_OK) {
    return Status::Unavailable("cannot reach " + target.name + ": " +
                               (detail[0] != '\0' ? detail : curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.reply.status = static_cast<int>(status);
  return std::move(exchange.reply);
}

std::optional<std::chrono::seconds> RetryAfter(const WebReply& reply) {
  const auto found = reply.headers.find("retry-after");
  if (found == reply.headers.end()) return std::nullopt;
  int64_t seconds = 0;
  const std::string& text = found->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace avocet
