#include "src/net/http_response_head.h"

#include <array>
#include <ctime>

#include "src/base/check.h"

namespace avocet {
namespace {

void AppendField(std::string_view name, std::string_view value, std::string* head) {
  head->append(name).append(": ");
  for (const char c : value) {
    if (c != '\r' && c != '\n' && c != '\0') *head += c;
  }
  head->append("\r\n");
}

// As in "Sun, 06 Nov 1994 08:49:37 GMT", in any locale.
std::string DateNow() {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::string(kDays.at(static_cast<size_t>(utc.tm_wday))) + ", " + two(utc.tm_mday) + " " +
         kMonths.at(static_cast<size_t>(utc.tm_mon)) + " " + std::to_string(utc.tm_year + 1900) +
         " " + two(utc.tm_hour) + ":" + two(utc.tm_min) + ":" + two(utc.tm_sec) + " GMT";
}

}  // namespace

std::string ResponseHead(const HttpResponse& response, bool keep_alive, int version,
                         BodyFraming framing) {
  std::string head = version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
  head += std::to_string(response.status) + " ";
  head += HttpReason(response.status);
  head += "\r\n";
  AppendField("Date", DateNow(), &head);
  if (!response.content_type.empty() && response.status != 204) {
    AppendField("Content-Type", response.content_type, &head);
  }
  AppendField("X-Content-Type-Options", "nosniff", &head);
  for (const auto& [name, value] : response.headers) AppendField(name, value, &head);
  if (framing == BodyFraming::kLength && response.status != 204 && response.status != 304) {
    AppendField("Content-Length", std::to_string(response.body.size()), &head);
  }
  if (framing == BodyFraming::kChunks) AppendField("Transfer-Encoding", "chunked", &head);
  if (!keep_alive || framing == BodyFraming::kConnection) {
    AppendField("Connection", "close", &head);
  } else if (version < 11) {
    AppendField("Connection", "keep-alive", &head);
  }
  head += "\r\n";
  return head;
}

std::string Chunk(std::string_view bytes) {
  AVOCET_CHECK(!bytes.empty());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string size;
  for (size_t rest = bytes.size(); rest > 0; rest >>= 4U) {
    size.insert(size.begin(), kDigits[rest & 0xFU]);
  }
  return size + "\r\n" + std::string(bytes) + "\r\n";
}

}  // namespace avocet
