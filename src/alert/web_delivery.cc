#include "src/alert/web_delivery.h"

#include <algorithm>
#include <charconv>

namespace avocet {
namespace {

constexpr size_t kMostShown = 200;
constexpr int64_t kMostRetrySeconds = 3600;

/// The seconds form only; a date is treated as if it were not there.
std::optional<std::chrono::microseconds> RetryAfter(const WebReply& reply) {
  const auto found = reply.headers.find("retry-after");
  if (found == reply.headers.end()) return std::nullopt;
  int64_t seconds = 0;
  const std::string& text = found->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kMostRetrySeconds));
}

/// The beginning of what the server said, on one line.
std::string Excerpt(const std::string& body) {
  std::string text = body.substr(0, kMostShown);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, ' ');
  return text.empty() ? text : ": " + text;
}

}  // namespace

AlertDelivery DeliveryOf(const Result<WebReply>& reply) {
  using Outcome = AlertDelivery::Outcome;
  AlertDelivery delivery;
  if (!reply.ok()) {
    const bool later = reply.status().code() == StatusCode::kUnavailable;
    delivery.outcome = later ? Outcome::kRetry : Outcome::kRefused;
    delivery.problem = reply.status().message();
    return delivery;
  }
  const int status = reply->status;
  if (status >= 200 && status < 300) return delivery;
  const bool later = status == 408 || status == 425 || status == 429 || status >= 500;
  delivery.outcome = later ? Outcome::kRetry : Outcome::kRefused;
  delivery.problem = "the server answered " + std::to_string(status) + Excerpt(reply->body);
  delivery.retry_after = RetryAfter(*reply);
  return delivery;
}

AlertDelivery RetryLater(const Status& problem) {
  AlertDelivery delivery;
  delivery.outcome = AlertDelivery::Outcome::kRetry;
  delivery.problem = problem.message();
  return delivery;
}

Result<std::string> ReadSecret(Env* env, const std::string& value, const std::string& file) {
  if (file.empty()) return value;
  AVOCET_ASSIGN_OR_RETURN(std::string text, env->ReadFile(file));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace avocet
