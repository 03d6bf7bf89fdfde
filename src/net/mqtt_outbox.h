// MqttOutbox: messages to an MQTT broker, each sent until the broker has acknowledged it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/mqtt_client.h"

namespace avocet {

/// Quality of service 1, in order. What was under way when a connection was lost is sent again on
/// the next one, so a message may arrive twice. Any thread.
class MqttOutbox : private MqttClient::Listener {
 public:
  struct State {
    uint64_t acknowledged = 0;
    uint64_t refused = 0;
    std::string refusal;  ///< why the last of them was refused
    size_t waiting = 0;   ///< neither one nor the other yet
    std::string problem;  ///< why there is no connection; empty: there is one
  };

  /// Connects in the background; `options.subscriptions` is empty. Errors of MqttClient::Make.
  static Result<std::unique_ptr<MqttOutbox>> Start(const MqttClientOptions& options, Env* env);
  ~MqttOutbox() override;

  /// Takes a message; false when `wait` is over and there is still no room for it. REQUIRES: a
  /// topic of at most 65,535 bytes.
  bool Publish(const std::string& topic, const std::string& payload,
               std::chrono::milliseconds wait);
  /// Waits until no message waits any more; false when `wait` is over before.
  bool Drain(std::chrono::milliseconds wait);
  State state() const;

 private:
  struct Message {
    std::string topic, payload;
    bool sent = false;  // on this connection
    bool duplicate = false;
  };

  MqttOutbox() = default;
  void Pump();
  void OnConnected(bool resumed) override;
  bool OnMessage(const MqttMessage&) override { return true; }
  void OnPublished(uint16_t packet_id, uint8_t reason) override;
  void OnProblem(const std::string& problem) override;

  MqttVersion version_ = MqttVersion::k5;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below guarded by mutex_. Messages by number; their packet ids follow from it.
  std::map<uint64_t, Message> waiting_;
  uint64_t next_number_ = 0;
  uint64_t next_to_send_ = 0;
  size_t in_flight_ = 0;
  bool connected_ = false;
  State state_;
  std::unique_ptr<MqttClient> client_;  // last: its thread uses the others
};

}  // namespace avocet
