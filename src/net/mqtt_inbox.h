// MqttInbox: the packets in what a broker sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/net/mqtt_packet.h"

namespace avocet {

/// Owned by one thread.
class MqttInbox {
 public:
  /// Of much longer payloads only the beginning is kept, so that no message can fill the memory.
  MqttInbox(MqttVersion version, size_t max_payload_bytes);

  void Add(std::string_view bytes);

  /// The next whole packet, whose views are valid until the next call of Add or Next; nothing when
  /// more bytes are needed. kInvalid: what the broker sends is not MQTT.
  Result<std::optional<MqttPacket>> Next();
  /// How many bytes at the end of the payload of that packet were not kept.
  size_t cut_bytes() const { return cut_bytes_; }

 private:
  const MqttVersion version_;
  const size_t max_kept_bytes_;
  std::string bytes_;
  size_t begin_ = 0;  // in bytes_, of what was not taken yet
  std::string cut_;   // the packet whose end is being skipped
  size_t cut_missing_ = 0;
  size_t skip_ = 0;    // of its end, has not come yet
  std::string taken_;  // the newest packet, if it was cut
  size_t cut_bytes_ = 0;
};

}  // namespace avocet
