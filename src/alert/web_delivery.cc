#include "src/alert/web_delivery.h"

#include <algorithm>
#include <chrono>

namespace avocet {
namespace {

constexpr size_t kMostShown = 200;
constexpr std::chrono::seconds kLongestWait{3600};

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
  if (const auto wait = RetryAfter(*reply)) delivery.retry_after = std::min(*wait, kLongestWait);
  return delivery;
}

AlertDelivery RetryLater(const Status& problem) {
  AlertDelivery delivery;
  delivery.outcome = AlertDelivery::Outcome::kRetry;
  delivery.problem = problem.message();
  return delivery;
}

}  // namespace avocet
