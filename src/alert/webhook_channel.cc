#include "src/alert/webhook_channel.h"

#include <utility>

#include "src/alert/alert_text.h"
#include "src/alert/web_delivery.h"
#include "src/base/hash.h"
#include "src/env/secret.h"
#include "src/net/hmac.h"

namespace avocet {
namespace {

/// The same for the same alerts, so that a receiver can drop repeats.
std::string DeliveryId(const AlertMessage& message) {
  std::string ids;
  for (const AlertChange* change : message.changes) {
    ids += change->id + "-" + std::to_string(change->number) + " ";
  }
  ids.pop_back();
  return message.changes.size() == 1 ? ids : Hash128Hex(ids);
}

class WebhookChannel final : public AlertChannel {
 public:
  WebhookChannel(WebhookChannelConfig config, Env* env) : config_(std::move(config)), env_(env) {}

  AlertDelivery Send(const AlertMessage& message) override {
    auto request = Request(message);
    return request.ok() ? DeliveryOf(SendToWeb(*request)) : RetryLater(request.status());
  }

 private:
  Result<WebRequest> Request(const AlertMessage& message) const {
    WebRequest request;
    AVOCET_ASSIGN_OR_RETURN(request.url, ReadSecret(env_, config_.url, config_.url_file));
    AVOCET_ASSIGN_OR_RETURN(const std::string secret,
                            ReadSecret(env_, config_.secret, config_.secret_file));
    const bool json = config_.content_type.find("json") != std::string::npos;
    const TemplateKind kind = json ? TemplateKind::kJson : TemplateKind::kPlain;
    request.body =
        config_.body.empty() ? AlertJson(message) : FillTemplate(config_.body, message, kind);
    request.headers = {"Content-Type: " + config_.content_type,
                       "X-Avocet-Delivery: " + DeliveryId(message)};
    if (!secret.empty()) {
      // The time is signed too, so that a receiver can refuse old requests.
      const std::string time = std::to_string(env_->NowMicros() / 1'000'000);
      request.headers.push_back("X-Avocet-Timestamp: " + time);
      request.headers.push_back("X-Avocet-Signature: sha256=" +
                                HmacSha256Hex(secret, time + "." + request.body));
    }
    request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
    request.allow_private = config_.allow_private;
    return request;
  }

  const WebhookChannelConfig config_;
  Env* const env_;
};

}  // namespace

std::unique_ptr<AlertChannel> MakeWebhookChannel(const WebhookChannelConfig& config, Env* env) {
  return std::make_unique<WebhookChannel>(config, env);
}

}  // namespace avocet
