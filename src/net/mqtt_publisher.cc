#include "src/net/mqtt_publisher.h"

#include <future>
#include <utility>

#include "src/net/pinned_host.h"

namespace avocet {
namespace {

constexpr uint16_t kPacketId = 1;

// Publishes as soon as it is connected. Only what happens first counts.
class Publisher final : public MqttClient::Listener {
 public:
  explicit Publisher(const MqttPublication& publication) : publication_(publication) {}

  std::future<Status> outcome() { return outcome_.get_future(); }
  void set_client(MqttClient* client) { client_ = client; }

  void OnConnected(bool) override {
    client_->Publish({.topic = publication_.topic,
                      .payload = publication_.payload,
                      .retain = publication_.retain,
                      .packet_id = kPacketId});
  }
  bool OnMessage(const MqttMessage&) override { return true; }
  void OnPublished(uint16_t, uint8_t reason) override {
    End(IsMqttRefusal(reason)
            ? Status::Permission("the broker refuses the message: " +
                                 MqttReasonText(publication_.client.version, reason))
            : Status::Ok());
  }
  void OnProblem(const std::string& problem) override {
    if (!problem.empty()) End(Status::Unavailable(problem));
  }

 private:
  void End(const Status& status) {
    if (!std::exchange(ended_, true)) outcome_.set_value(status);
  }

  const MqttPublication& publication_;
  MqttClient* client_ = nullptr;
  bool ended_ = false;
  std::promise<Status> outcome_;
};

}  // namespace

Status PublishMqtt(const MqttPublication& publication, Env* env) {
  MqttClientOptions options = publication.client;
  const MqttAddress& broker = options.broker;
  AVOCET_ASSIGN_OR_RETURN(
      options.addresses,
      ResolveAllowed(broker.host, std::to_string(broker.port), publication.allow_private));
  Publisher publisher(publication);
  AVOCET_ASSIGN_OR_RETURN(const auto client, MqttClient::Make(options, env, &publisher));
  publisher.set_client(client.get());
  std::future<Status> outcome = publisher.outcome();
  client->Start();
  const bool ended = outcome.wait_for(publication.timeout) == std::future_status::ready;
  client->StopReading();
  return ended ? outcome.get() : Status::Unavailable("the broker does not answer");
}

}  // namespace avocet
