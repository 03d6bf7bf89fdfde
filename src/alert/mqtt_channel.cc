#include "src/alert/mqtt_channel.h"

#include <utility>

#include "src/alert/alert_text.h"
#include "src/alert/web_delivery.h"
#include "src/env/secret.h"
#include "src/net/mqtt_publisher.h"

namespace avocet {
namespace {

// An alert is worth a connection of its own: nothing has to be kept alive between two of them.
class MqttChannel final : public AlertChannel {
 public:
  MqttChannel(MqttChannelConfig config, Env* env) : config_(std::move(config)), env_(env) {}

  AlertDelivery Send(const AlertMessage& message) override {
    const auto publication = Publication(message);
    if (!publication.ok()) return RetryLater(publication.status());
    const Status published = PublishMqtt(*publication, env_);
    AlertDelivery delivery;
    if (published.ok()) return delivery;
    delivery = RetryLater(published);
    if (published.code() != StatusCode::kUnavailable) {
      delivery.outcome = AlertDelivery::Outcome::kRefused;
    }
    return delivery;
  }

 private:
  Result<MqttPublication> Publication(const AlertMessage& message) const {
    MqttPublication publication;
    MqttClientOptions& client = publication.client;
    AVOCET_ASSIGN_OR_RETURN(client.broker, ParseMqttAddress(config_.broker));
    client.ca_file = config_.ca_file;
    client.certificate_file = config_.certificate_file;
    client.key_file = config_.key_file;
    client.version = config_.version == "5" ? MqttVersion::k5 : MqttVersion::k311;
    client.connect.client_id = config_.client_id;
    client.connect.clean_start = true;
    if (!config_.username.empty()) client.connect.username = config_.username;
    AVOCET_ASSIGN_OR_RETURN(std::string password,
                            ReadSecret(env_, config_.password, config_.password_file));
    if (!password.empty()) client.connect.password = std::move(password);
    publication.topic = FillTemplate(config_.topic, message, TemplateKind::kTopic);
    publication.payload = config_.body.empty()
                              ? AlertJson(message)
                              : FillTemplate(config_.body, message, TemplateKind::kJson);
    publication.retain = config_.retain;
    publication.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
    publication.allow_private = config_.allow_private;
    return publication;
  }

  const MqttChannelConfig config_;
  Env* const env_;
};

}  // namespace

std::unique_ptr<AlertChannel> MakeMqttChannel(const MqttChannelConfig& config, Env* env) {
  return std::make_unique<MqttChannel>(config, env);
}

}  // namespace avocet
