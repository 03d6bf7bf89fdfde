// MQTT: any bytes of a broker are cut into packets that are read or refused, and views stay inside.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "src/base/check.h"
#include "src/net/mqtt_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace avocet;  // NOLINT
  if (size == 0) return 0;
  const MqttVersion version = data[0] % 2 == 0 ? MqttVersion::k311 : MqttVersion::k5;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (true) {
    const auto packet_size = MqttPacketSize(rest, 1 << 16);
    if (!packet_size.ok() || !*packet_size || **packet_size > rest.size()) break;
    const std::string_view bytes = rest.substr(0, **packet_size);
    rest.remove_prefix(bytes.size());
    const auto packet = DecodeMqttPacket(version, bytes);
    if (!packet.ok() || packet->type != MqttPacket::Type::kPublish) continue;
    AVOCET_CHECK(packet->topic.data() >= bytes.data());
    AVOCET_CHECK(packet->payload.data() + packet->payload.size() == bytes.data() + bytes.size());
    AVOCET_CHECK(MqttTopicMatches(packet->topic, packet->topic) ||
                 packet->topic.starts_with("$share/"));
    AVOCET_CHECK(MqttTopicMatches("#", packet->topic) || packet->topic.starts_with('$'));
  }
  return 0;
}
