#include "src/sink/mqtt_sink.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "src/net/mqtt_outbox.h"
#include "src/sink/device_key.h"
#include "src/sink/patience.h"

namespace avocet {
namespace {

constexpr std::string_view kDevice = "{device}";
constexpr std::chrono::milliseconds kLookEvery{50};
constexpr size_t kLongestTopic = 65'535;

class MqttSink : public Sink {
 public:
  MqttSink(std::unique_ptr<MqttOutbox> outbox, std::string topic, const std::string& device_field,
           std::chrono::nanoseconds patience, Env* env)
      : outbox_(std::move(outbox)),
        topic_(std::move(topic)),
        device_at_(topic_.find(kDevice)),
        key_(device_field),
        patience_(patience, env) {}

  Status Send(std::string_view line) override {
    std::string topic = topic_;
    if (device_at_ != std::string::npos) {
      topic.replace(device_at_, kDevice.size(), Level(key_.Of(line)));
    }
    if (topic.size() > kLongestTopic) return Status::Invalid("the topic of a record is too long");
    const std::string payload(WithoutLineEnd(line));
    while (!outbox_->Publish(topic, payload, kLookEvery)) AVOCET_RETURN_IF_ERROR(Look());
    ++sent_;
    // Looking at every message would take longer than sending it.
    constexpr uint64_t kLookAfter = 256;
    return sent_ % kLookAfter == 0 ? Look() : Status::Ok();
  }

  Status Flush() override { return Look(); }

  Status Close() override {
    while (!outbox_->Drain(kLookEvery)) AVOCET_RETURN_IF_ERROR(Look());
    return Status::Ok();
  }

  SinkCounts counts() const override {
    const MqttOutbox::State state = outbox_->state();
    return {.sent = sent_,
            .acknowledged = state.acknowledged,
            .rejected = state.refused,
            .rejection = state.refusal};
  }

 private:
  // A device with characters that topics give a meaning stays one level.
  static std::string Level(std::string device) {
    for (char& c : device) {
      if (c == '/' || c == '+' || c == '#' || c == '\0') c = '_';
    }
    return device;
  }

  Status Look() {
    const MqttOutbox::State state = outbox_->state();
    const uint64_t answered = state.acknowledged + state.refused;
    if (answered > answered_ || state.waiting == 0) patience_.Renew();
    answered_ = answered;
    if (!patience_.IsOver()) return Status::Ok();
    return Status::Unavailable("cannot publish to " + topic_ + ": " +
                               (state.problem.empty() ? "no answer" : state.problem));
  }

  const std::unique_ptr<MqttOutbox> outbox_;
  const std::string topic_;
  const size_t device_at_;
  const DeviceKey key_;
  Patience patience_;
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
};

Result<MqttVersion> VersionOf(const std::string& text) {
  if (text.empty() || text == "5") return MqttVersion::k5;
  if (text == "3.1.1") return MqttVersion::k311;
  return Status::Usage("--to-option version: it is 5 or 3.1.1");
}

}  // namespace

Result<std::unique_ptr<Sink>> MakeMqttSink(const std::string& url, const std::string& device_field,
                                           SinkSettings settings, Env* env) {
  const size_t slash = url.find('/', url.find("://") + 3);
  std::string topic = slash == std::string::npos ? "" : url.substr(slash + 1);
  if (topic.empty() || topic.find_first_of("+#") != std::string::npos) {
    return Status::Usage("--to " + url +
                         ": write it as mqtt://host:1883/topic, without wildcards; {device} in the "
                         "topic is the device of the record");
  }
  MqttClientOptions options;
  AVOCET_ASSIGN_OR_RETURN(options.broker, ParseMqttAddress(url.substr(0, slash)));
  options.ca_file = settings.Text("ca_file");
  options.ca_option = "ca_file";
  options.certificate_file = settings.Text("certificate_file");
  options.key_file = settings.Text("key_file");
  AVOCET_ASSIGN_OR_RETURN(options.version, VersionOf(settings.Text("version")));
  MqttConnect& connect = options.connect;
  connect.client_id = settings.Text("client_id");
  if (connect.client_id.empty()) {
    connect.client_id = fmt::format("avocet-{:08x}", env->Random64() & 0xFFFF'FFFFU);
  }
  connect.clean_start = true;
  const std::string username = settings.Text("username");
  const std::string password = settings.Secret("password_file", env);
  if (!username.empty()) connect.username = username;
  if (!password.empty()) connect.password = password;
  const auto patience = settings.Time("patience", std::chrono::minutes(1));
  AVOCET_RETURN_IF_ERROR(settings.Finish("mqtt"));
  AVOCET_ASSIGN_OR_RETURN(auto outbox, MqttOutbox::Start(options, env));
  return std::unique_ptr<Sink>(
      std::make_unique<MqttSink>(std::move(outbox), std::move(topic), device_field, patience, env));
}

}  // namespace avocet
