#include "src/net/mqtt_inbox.h"

#include <algorithm>
#include <utility>

namespace avocet {
namespace {

// The largest packet that MQTT knows.
constexpr size_t kMostPacketBytes = 268'435'460;
// Header, topic and properties of a message.
constexpr size_t kBesidePayload = size_t{192} << 10;

}  // namespace

MqttInbox::MqttInbox(MqttVersion version, size_t max_payload_bytes)
    : version_(version),
      max_kept_bytes_(std::min(max_payload_bytes, kMostPacketBytes) + kBesidePayload) {}

void MqttInbox::Add(std::string_view bytes) {
  const size_t skipped = std::min(skip_, bytes.size());
  skip_ -= skipped;
  bytes_.erase(0, std::exchange(begin_, 0));
  bytes_ += bytes.substr(skipped);
}

Result<std::optional<MqttPacket>> MqttInbox::Next() {
  cut_bytes_ = 0;
  if (!cut_.empty()) {
    if (skip_ > 0) return std::optional<MqttPacket>();
    taken_ = std::exchange(cut_, {});
    cut_bytes_ = cut_missing_;
    AVOCET_ASSIGN_OR_RETURN(const MqttPacket packet, DecodeMqttPacket(version_, taken_));
    return std::optional<MqttPacket>(packet);
  }
  const std::string_view rest = std::string_view(bytes_).substr(begin_);
  AVOCET_ASSIGN_OR_RETURN(const std::optional<size_t> size, MqttPacketSize(rest, kMostPacketBytes));
  if (!size) return std::optional<MqttPacket>();
  if (*size <= rest.size()) {
    begin_ += *size;
    AVOCET_ASSIGN_OR_RETURN(const MqttPacket packet,
                            DecodeMqttPacket(version_, rest.substr(0, *size)));
    return std::optional<MqttPacket>(packet);
  }
  if (*size > max_kept_bytes_ && rest.size() >= max_kept_bytes_) {
    cut_ = CutMqttPacket(rest.substr(0, max_kept_bytes_));
    cut_missing_ = *size - max_kept_bytes_;
    skip_ = *size - rest.size();
    begin_ = bytes_.size();
  }
  return std::optional<MqttPacket>();
}

}  // namespace avocet
