#include "src/source/push/mqtt_source.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "src/base/hash.h"
#include "src/env/parent_path.h"
#include "src/env/secret.h"
#include "src/net/mqtt_client.h"
#include "src/source/push/journal_source.h"
#include "src/source/push/mqtt_deliveries.h"
#include "src/source/push/mqtt_records.h"
#include "src/source/push/sparkplug.h"

namespace avocet {
namespace {

// A broker sends so many messages before the first must be acknowledged. Each sync of the journal
// acknowledges all that wait.
constexpr uint16_t kReceiveMaximum = 4096;
// A node that has been asked for its birth has so long to answer.
constexpr std::chrono::seconds kBirthInterval{10};
constexpr size_t kMostNodesAsked = 10'000;

class MqttSource : public Source, private MqttClient::Listener {
 public:
  MqttSource(const MqttSourceConfig& config, std::string name, std::string directory, bool once,
             Env* env)
      : config_(config),
        name_(std::move(name)),
        directory_(std::move(directory)),
        once_(once),
        env_(env),
        journal_(name_, "mqtt", {}, env) {}
  MqttSource(const MqttSource&) = delete;
  MqttSource& operator=(const MqttSource&) = delete;
  ~MqttSource() override {
    // The journal goes next: its last answers still find the client, which then says good-bye.
    if (client_ != nullptr) client_->StopReading();
  }

  Status Open(const Positions& committed) override;
  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override {
    AVOCET_ASSIGN_OR_RETURN(const PollState state, journal_.Poll(limits, out));
    return once_ && state == PollState::kIdle ? PollState::kEnd : state;
  }
  void TakeChangedPositions(Positions* out) override { journal_.TakeChangedPositions(out); }
  void AllPositions(Positions* out) const override { journal_.AllPositions(out); }
  void Committed(const Positions& positions) override { journal_.Committed(positions); }
  SourceHealth Health() const override;

 private:
  Result<MqttClientOptions> ClientOptions(size_t max_record_bytes) const;

  // The client's thread.
  void OnConnected(bool resumed) override {
    if (!resumed) deliveries_.NewSession();
  }
  bool OnMessage(const MqttMessage& message) override;
  void OnProblem(const std::string& problem) override;
  bool Store(const MqttRecords::Entry& entry, const MqttMessage& message, uint64_t serial);
  void OnStored(const Status& status, uint16_t packet_id, uint64_t serial);
  void Acknowledge(const MqttReceipt& receipt);
  void AskForBirth(const std::string& node);

  const MqttSourceConfig config_;
  const std::string name_;
  const std::string directory_;
  const bool once_;
  Env* const env_;
  mutable std::mutex mutex_;
  bool connected_ = false;                                    // guarded by mutex_
  std::string problem_;                                       // guarded by mutex_
  std::optional<MqttRecords> records_;                        // the client's thread
  MqttDeliveries deliveries_;                                 // the client's thread
  std::map<std::string, std::chrono::nanoseconds> asked_at_;  // by node; the client's thread
  std::unique_ptr<MqttClient> client_;                        // outlives the journal
  JournalSource journal_;
};

Status MqttSource::Open(const Positions& committed) {
  JournalOptions options;
  options.directory = directory_;
  options.max_bytes = static_cast<uint64_t>(config_.journal_bytes);
  options.segment_bytes = std::min<uint64_t>(uint64_t{64} << 20, options.max_bytes / 4);
  options.max_pending_bytes = std::min<size_t>(options.segment_bytes, size_t{64} << 20);
  const size_t max_record_bytes =
      std::min<size_t>(config_.max_record_bytes, options.segment_bytes / 2);
  AVOCET_ASSIGN_OR_RETURN(records_, MqttRecords::Make(config_, max_record_bytes));
  AVOCET_ASSIGN_OR_RETURN(const MqttClientOptions client, ClientOptions(max_record_bytes));
  AVOCET_RETURN_IF_ERROR(journal_.Open(options, committed));
  if (once_) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(client_, MqttClient::Make(client, env_, this));
  client_->Start();
  return Status::Ok();
}

Result<MqttClientOptions> MqttSource::ClientOptions(size_t max_record_bytes) const {
  MqttClientOptions options;
  AVOCET_ASSIGN_OR_RETURN(options.broker, ParseMqttAddress(config_.broker));
  const bool tls_files =
      !config_.ca_file.empty() || !config_.certificate_file.empty() || !config_.key_file.empty();
  if (tls_files && !options.broker.tls) {
    return Status::Config("certificates need TLS: write the broker as mqtts://");
  }
  options.ca_file = config_.ca_file;
  options.certificate_file = config_.certificate_file;
  options.key_file = config_.key_file;
  options.version = config_.version == "5" ? MqttVersion::k5 : MqttVersion::k311;
  options.max_payload_bytes = max_record_bytes;
  for (const MqttTopicPattern& pattern : records_->patterns()) {
    options.subscriptions.push_back(
        {.filter = pattern.filter, .qos = static_cast<uint8_t>(config_.qos)});
  }
  MqttConnect& connect = options.connect;
  // The same after a restart, for the sake of the session, and another one for another lake.
  connect.client_id = config_.client_id.empty()
                          ? fmt::format("avocet-{:016x}",
                                        Hash64(env_->HostName() + "\n" + AbsolutePath(directory_)))
                          : config_.client_id;
  connect.session_expiry_seconds = static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config_.session_expiry).count());
  connect.clean_start = connect.session_expiry_seconds == 0;
  connect.keep_alive_seconds = static_cast<uint16_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config_.keep_alive).count());
  connect.receive_maximum = kReceiveMaximum;
  if (!config_.username.empty()) connect.username = config_.username;
  if (config_.password_file.empty()) {
    options.login_advice = "; check username, and password_file or tls_certificate";
    return options;
  }
  const auto password = ReadSecretFile(env_, config_.password_file);
  if (!password.ok()) return Status::Config(password.status().message());
  options.read_password = [this] { return ReadSecretFile(env_, config_.password_file); };
  options.login_advice = "; check username, and the password in " + config_.password_file;
  return options;
}

bool MqttSource::OnMessage(const MqttMessage& message) {
  if (message.retained && !config_.retained) {
    if (message.qos > 0) client_->Acknowledge(message.receipt);
    return true;
  }
  uint64_t serial = 0;
  if (message.qos > 0) {
    const uint64_t content = Hash64(message.topic) * 31 + Hash64(message.payload);
    switch (deliveries_.Arrive(message, content, &serial)) {
      case MqttDeliveries::Known::kNew:
        break;
      case MqttDeliveries::Known::kTaken:
        return true;
      case MqttDeliveries::Known::kDurable:
        Acknowledge(message.receipt);
        return true;
    }
  }
  const MqttRecords::Entry entry = records_->Convert(message, env_->NowMicros());
  if (!entry.birth_wanted_of.empty()) AskForBirth(entry.birth_wanted_of);
  if (entry.records.empty()) {
    if (message.qos > 0) Acknowledge(message.receipt);
    return true;
  }
  if (Store(entry, message, serial)) return true;
  if (message.qos > 0) deliveries_.Forget(message.receipt.packet_id, serial);
  return false;
}

// False when the journal cannot take it now. Its health says why.
bool MqttSource::Store(const MqttRecords::Entry& entry, const MqttMessage& message,
                       uint64_t serial) {
  const std::string label = EncodePushLabel(entry.label);
  const std::string payload = EncodePushPayload(entry.records);
  MqttClient* const client = client_.get();
  const uint16_t packet_id = message.receipt.packet_id;
  const bool acknowledge = message.qos > 0;
  const Status taken = journal_.journal()->Append(
      {label, payload, static_cast<uint32_t>(entry.records.size())},
      [this, client, acknowledge, packet_id, serial](const Result<uint64_t>& first) {
        if (!acknowledge) return;
        client->Post([this, status = first.ok() ? Status::Ok() : first.status(), packet_id,
                      serial] { OnStored(status, packet_id, serial); });
      });
  return taken.ok();
}

void MqttSource::OnStored(const Status& status, uint16_t packet_id, uint64_t serial) {
  if (!status.ok()) {
    deliveries_.Forget(packet_id, serial);
    client_->Reconnect("messages cannot be kept: " + status.message());
    return;
  }
  const auto receipt = deliveries_.Durable(packet_id, serial);
  if (receipt) Acknowledge(*receipt);
}

void MqttSource::Acknowledge(const MqttReceipt& receipt) {
  if (client_->Acknowledge(receipt)) deliveries_.Acknowledged(receipt.packet_id);
}

void MqttSource::AskForBirth(const std::string& node) {
  const auto now = env_->Monotonic();
  if (asked_at_.size() >= kMostNodesAsked) asked_at_.clear();
  const auto [at, is_new] = asked_at_.try_emplace(node, now);
  if (!is_new && now - at->second < kBirthInterval) return;
  at->second = now;
  const size_t slash = node.find('/');
  const std::string topic = "spBv1.0/" + node.substr(0, slash) + "/NCMD/" + node.substr(slash + 1);
  const std::string payload = EncodeSparkplugRebirth(env_->NowMicros() / 1000);
  client_->Publish({.topic = topic, .payload = payload});
}

void MqttSource::OnProblem(const std::string& problem) {
  std::lock_guard lock(mutex_);
  if (problem.empty() && !connected_) {
    spdlog::info("messages are taken from {}", config_.broker);
  }
  connected_ = problem.empty();
  problem_ = problem;
}

SourceHealth MqttSource::Health() const {
  SourceHealth health = journal_.Health();
  if (once_) return health;
  std::lock_guard lock(mutex_);
  if (health.problem.empty() && !problem_.empty()) {
    health.problem = "MQTT broker " + config_.broker + ": " + problem_;
  }
  health.ready = health.ready && connected_;
  return health;
}

}  // namespace

std::unique_ptr<Source> MakeMqttSource(const MqttSourceConfig& config, const std::string& name,
                                       const std::string& directory, bool once, Env* env) {
  return std::make_unique<MqttSource>(config, name, directory, once, env);
}

}  // namespace avocet
