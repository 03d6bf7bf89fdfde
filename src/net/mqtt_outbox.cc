#include "src/net/mqtt_outbox.h"

#include <algorithm>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kMostWaiting = 4096;
// In version 3.1.1 brokers do not say how many they want at once.
constexpr size_t kMostInFlight = 100;

// Never 0, and different for all messages that wait.
uint16_t PacketId(uint64_t number) { return static_cast<uint16_t>(number % UINT16_MAX + 1); }

}  // namespace

Result<std::unique_ptr<MqttOutbox>> MqttOutbox::Start(const MqttClientOptions& options, Env* env) {
  std::unique_ptr<MqttOutbox> outbox(new MqttOutbox());
  outbox->version_ = options.version;
  outbox->state_.problem = "not connected yet";
  AVOCET_ASSIGN_OR_RETURN(outbox->client_, MqttClient::Make(options, env, outbox.get()));
  outbox->client_->Start();
  return outbox;
}

MqttOutbox::~MqttOutbox() = default;

bool MqttOutbox::Publish(const std::string& topic, const std::string& payload,
                         std::chrono::milliseconds wait) {
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, wait, [this] { return waiting_.size() < kMostWaiting; })) {
      return false;
    }
    waiting_.emplace(next_number_++, Message{.topic = topic, .payload = payload});
    // Answers take what follows along.
    if (in_flight_ > 0 || !connected_) return true;
  }
  client_->Post([this] {
    const std::lock_guard lock(mutex_);
    Pump();
  });
  return true;
}

bool MqttOutbox::Drain(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, wait, [this] { return waiting_.empty(); });
}

MqttOutbox::State MqttOutbox::state() const {
  const std::lock_guard lock(mutex_);
  State state = state_;
  state.waiting = waiting_.size();
  return state;
}

// On the client's thread, with the mutex: sends as much as the broker takes at once.
void MqttOutbox::Pump() {
  if (!connected_) return;
  const size_t most = std::min(kMostInFlight, client_->ReceiveMaximum());
  auto next = waiting_.lower_bound(next_to_send_);
  for (; next != waiting_.end() && in_flight_ < most; ++next) {
    Message& message = next->second;
    client_->Publish({.topic = message.topic,
                      .payload = message.payload,
                      .packet_id = PacketId(next->first),
                      .duplicate = message.duplicate});
    message.sent = true;
    ++in_flight_;
    next_to_send_ = next->first + 1;
  }
}

void MqttOutbox::OnConnected(bool resumed) {
  const std::lock_guard lock(mutex_);
  connected_ = true;
  in_flight_ = 0;
  next_to_send_ = 0;
  // A session that is new knows of no message before.
  for (auto& [number, message] : waiting_) {
    message.duplicate = resumed && (message.duplicate || message.sent);
    message.sent = false;
  }
  Pump();
}

void MqttOutbox::OnPublished(uint16_t packet_id, uint8_t reason) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
    return entry.second.sent && PacketId(entry.first) == packet_id;
  });
  if (found == waiting_.end()) return;
  waiting_.erase(found);
  --in_flight_;
  if (IsMqttRefusal(reason)) {
    ++state_.refused;
    state_.refusal = MqttReasonText(version_, reason);
  } else {
    ++state_.acknowledged;
  }
  Pump();
  changed_.notify_all();
}

void MqttOutbox::OnProblem(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  state_.problem = problem;
  if (!problem.empty()) connected_ = false;
}

}  // namespace avocet
