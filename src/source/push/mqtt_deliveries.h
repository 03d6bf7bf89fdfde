// MqttDeliveries: which messages a broker may send again though they have been taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "src/net/mqtt_client.h"

namespace avocet {

/// A message of quality of service 1 is known from its arrival until its acknowledgement is on its
/// way. When the connection breaks in between, the broker sends it again on the next one, and it
/// must not be taken twice. Owned by one thread.
class MqttDeliveries {
 public:
  enum class Known {
    kNew,      ///< to be taken
    kTaken,    ///< will be acknowledged when it is durable
    kDurable,  ///< to be acknowledged at once
  };

  /// `content` is a hash of topic and payload. `*serial` tells a new message from others that have
  /// the same packet id.
  Known Arrive(const MqttMessage& message, uint64_t content, uint64_t* serial);
  /// It was not taken, after all.
  void Forget(uint16_t packet_id, uint64_t serial);
  /// What to acknowledge now; nothing when the broker has given it up.
  std::optional<MqttReceipt> Durable(uint16_t packet_id, uint64_t serial);
  /// The acknowledgement is on its way.
  void Acknowledged(uint16_t packet_id) { by_id_.erase(packet_id); }
  /// The broker begins anew and sends nothing again.
  void NewSession() { by_id_.clear(); }

  size_t size() const { return by_id_.size(); }

 private:
  struct Delivery {
    uint64_t content = 0;
    uint64_t serial = 0;
    bool durable = false;
    MqttReceipt receipt;  // of the newest arrival
  };
  std::unordered_map<uint16_t, Delivery> by_id_;
  uint64_t last_serial_ = 0;
};

}  // namespace avocet
