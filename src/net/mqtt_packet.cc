#include "src/net/mqtt_packet.h"

#include <array>
#include <utility>

#include "src/base/utf8.h"

namespace avocet {
namespace {

enum SentType : uint8_t {
  kSendConnect = 1,
  kSendPublish = 3,
  kSendPuback = 4,
  kSendSubscribe = 8,
  kSendPing = 12,
  kSendDisconnect = 14,
};

// Properties of version 5 that matter here.
enum Property : uint8_t {
  kSessionExpiry = 0x11,
  kAssignedClientId = 0x12,
  kServerKeepAlive = 0x13,
  kReasonString = 0x1F,
  kReceiveMaximum = 0x21,
};

// Option of a subscription in version 5.
constexpr uint8_t kRetainedOnce = 1U << 4U;

void AppendByte(uint8_t value, std::string* out) { *out += static_cast<char>(value); }

void AppendUint16(uint16_t value, std::string* out) {
  AppendByte(static_cast<uint8_t>(value >> 8U), out);
  AppendByte(static_cast<uint8_t>(value & 0xFFU), out);
}

void AppendUint32(uint32_t value, std::string* out) {
  AppendUint16(static_cast<uint16_t>(value >> 16U), out);
  AppendUint16(static_cast<uint16_t>(value & 0xFFFFU), out);
}

void AppendText(std::string_view text, std::string* out) {
  AppendUint16(static_cast<uint16_t>(text.size()), out);
  *out += text;
}

void AppendLength(size_t length, std::string* out) {
  for (; length >= 0x80; length >>= 7U) {
    AppendByte(static_cast<uint8_t>((length & 0x7FU) | 0x80U), out);
  }
  AppendByte(static_cast<uint8_t>(length), out);
}

std::string Packet(SentType type, uint8_t flags, std::string_view body) {
  std::string packet;
  AppendByte(static_cast<uint8_t>(type << 4U | flags), &packet);
  AppendLength(body.size(), &packet);
  return packet.append(body);
}

// Takes values from the front of a packet's body; after the first that is not there, `ok` is false
// and every value is empty.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view Bytes(size_t size) {
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  uint8_t Byte() {
    const std::string_view taken = Bytes(1);
    return ok_ ? static_cast<uint8_t>(taken[0]) : uint8_t{0};
  }
  uint16_t Uint16() {
    const uint8_t high = Byte();
    return static_cast<uint16_t>(high << 8U | Byte());
  }
  std::string_view Text() { return Bytes(Uint16()); }
  size_t Length() {
    size_t length = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const uint8_t byte = Byte();
      length |= static_cast<size_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return length;
    }
    ok_ = false;
    return 0;
  }
  void Fail() { ok_ = false; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// How the value of a property is written: its size, or one of these.
constexpr int kTextValue = -1, kLengthValue = -2, kTwoTexts = -3, kUnknownProperty = 0;

int PropertyForm(uint8_t id) {
  switch (id) {
    case 0x01:  // Payload format, and other single bytes.
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return 1;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return 2;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return 4;
    case 0x0B:
      return kLengthValue;
    case 0x26:
      return kTwoTexts;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      return kTextValue;
    default:
      return kUnknownProperty;
  }
}

void ReadProperties(Cursor* body, MqttPacket* packet) {
  Cursor properties(body->Bytes(body->Length()));
  while (properties.ok() && !properties.empty()) {
    const uint8_t id = properties.Byte();
    const int form = PropertyForm(id);
    if (id == kAssignedClientId) {
      packet->assigned_client_id = properties.Text();
    } else if (id == kServerKeepAlive) {
      packet->server_keep_alive_seconds = properties.Uint16();
    } else if (id == kReceiveMaximum) {
      packet->receive_maximum = properties.Uint16();
    } else if (id == kReasonString) {
      packet->reason_string = properties.Text();
    } else if (form == kTextValue) {
      properties.Text();
    } else if (form == kTwoTexts) {
      properties.Text();
      properties.Text();
    } else if (form == kLengthValue) {
      properties.Length();
    } else if (form > 0) {
      properties.Bytes(static_cast<size_t>(form));
    } else {
      properties.Fail();
    }
  }
  if (!properties.ok()) body->Fail();
}

// Whether a packet that a broker sends to such a client can have this first byte.
bool CanBegin(uint8_t head) {
  switch (static_cast<MqttPacket::Type>(head >> 4U)) {
    case MqttPacket::Type::kPublish:
      return true;
    case MqttPacket::Type::kConnack:
    case MqttPacket::Type::kPuback:
    case MqttPacket::Type::kSuback:
    case MqttPacket::Type::kPingresp:
    case MqttPacket::Type::kDisconnect:
      return (head & 0xFU) == 0;
  }
  return false;
}

bool ReadBody(MqttVersion version, uint8_t flags, Cursor* body, MqttPacket* packet) {
  const bool v5 = version == MqttVersion::k5;
  switch (packet->type) {
    case MqttPacket::Type::kConnack:
      packet->session_present = (body->Byte() & 1U) != 0;
      packet->reason = body->Byte();
      if (v5) ReadProperties(body, packet);
      return body->ok() && body->empty();
    case MqttPacket::Type::kPublish:
      packet->qos = (flags >> 1U) & 3U;
      packet->retained = (flags & 1U) != 0;
      packet->duplicate = (flags & 8U) != 0;
      packet->topic = body->Text();
      if (packet->qos > 0) packet->packet_id = body->Uint16();
      if (v5) ReadProperties(body, packet);
      packet->payload = body->rest();
      return body->ok() && packet->qos < 3 && (packet->qos == 0 || packet->packet_id != 0) &&
             !packet->topic.empty() && IsValidUtf8(packet->topic) &&
             packet->topic.find_first_of(std::string_view("+#\0", 3)) == std::string_view::npos;
    case MqttPacket::Type::kPuback:
      packet->packet_id = body->Uint16();
      if (v5 && !body->empty()) packet->reason = body->Byte();
      if (v5 && !body->empty()) ReadProperties(body, packet);
      return body->ok() && body->empty();
    case MqttPacket::Type::kSuback:
      packet->packet_id = body->Uint16();
      if (v5) ReadProperties(body, packet);
      while (body->ok() && !body->empty()) packet->reasons.push_back(body->Byte());
      return body->ok() && !packet->reasons.empty();
    case MqttPacket::Type::kPingresp:
      return body->empty();
    case MqttPacket::Type::kDisconnect:
      if (!v5) return false;
      if (body->empty()) return true;
      packet->reason = body->Byte();
      if (!body->empty()) ReadProperties(body, packet);
      return body->ok() && body->empty();
  }
  return false;
}

}  // namespace

std::string EncodeMqttConnect(MqttVersion version, const MqttConnect& connect) {
  std::string body;
  AppendText("MQTT", &body);
  AppendByte(static_cast<uint8_t>(version), &body);
  uint8_t flags = connect.clean_start ? 0x02 : 0;
  if (connect.username) flags |= 0x80;
  if (connect.password) flags |= 0x40;
  AppendByte(flags, &body);
  AppendUint16(connect.keep_alive_seconds, &body);
  if (version == MqttVersion::k5) {
    std::string properties;
    AppendByte(kSessionExpiry, &properties);
    AppendUint32(connect.session_expiry_seconds, &properties);
    if (connect.receive_maximum > 0) {
      AppendByte(kReceiveMaximum, &properties);
      AppendUint16(connect.receive_maximum, &properties);
    }
    AppendLength(properties.size(), &body);
    body += properties;
  }
  AppendText(connect.client_id, &body);
  if (connect.username) AppendText(*connect.username, &body);
  if (connect.password) AppendText(*connect.password, &body);
  return Packet(kSendConnect, 0, body);
}

std::string EncodeMqttSubscribe(MqttVersion version, uint16_t packet_id,
                                const std::vector<MqttSubscription>& subscriptions) {
  std::string body;
  AppendUint16(packet_id, &body);
  if (version == MqttVersion::k5) AppendLength(0, &body);
  for (const MqttSubscription& subscription : subscriptions) {
    AppendText(subscription.filter, &body);
    const bool once = version == MqttVersion::k5 && subscription.retained_once;
    AppendByte(static_cast<uint8_t>(subscription.qos | (once ? kRetainedOnce : 0)), &body);
  }
  return Packet(kSendSubscribe, 2, body);
}

std::string EncodeMqttPuback(uint16_t packet_id) {
  std::string body;
  AppendUint16(packet_id, &body);
  return Packet(kSendPuback, 0, body);
}

std::string EncodeMqttPublish(MqttVersion version, const MqttPublish& message) {
  std::string body;
  AppendText(message.topic, &body);
  if (message.packet_id != 0) AppendUint16(message.packet_id, &body);
  if (version == MqttVersion::k5) AppendLength(0, &body);
  body += message.payload;
  const unsigned again = message.duplicate ? 8U : 0U;
  const unsigned qos_1 = message.packet_id != 0 ? 2U | again : 0U;
  return Packet(kSendPublish, static_cast<uint8_t>(qos_1 | (message.retain ? 1U : 0U)), body);
}

std::string EncodeMqttPing() { return Packet(kSendPing, 0, ""); }

std::string EncodeMqttDisconnect(MqttVersion) { return Packet(kSendDisconnect, 0, ""); }

Result<std::optional<size_t>> MqttPacketSize(std::string_view bytes, size_t max_bytes) {
  if (!bytes.empty() && !CanBegin(static_cast<uint8_t>(bytes[0]))) {
    return Status::Invalid("what the broker sends is not MQTT: no packet begins with byte " +
                           std::to_string(static_cast<uint8_t>(bytes[0])));
  }
  size_t length = 0;
  for (size_t i = 1; i <= 4; ++i) {
    if (i >= bytes.size()) return std::optional<size_t>();
    const auto byte = static_cast<uint8_t>(bytes[i]);
    length |= static_cast<size_t>(byte & 0x7FU) << (7 * (i - 1));
    if ((byte & 0x80U) != 0) continue;
    const size_t size = 1 + i + length;
    if (size <= max_bytes) return std::optional<size_t>(size);
    return Status::Invalid("the broker sends a packet of " + std::to_string(size) +
                           " bytes, more than " + std::to_string(max_bytes));
  }
  return Status::Invalid("what the broker sends is not MQTT: a packet has no valid length");
}

std::string CutMqttPacket(std::string_view bytes) {
  Cursor cursor(bytes);
  std::string packet;
  AppendByte(cursor.Byte(), &packet);
  cursor.Length();
  AppendLength(cursor.rest().size(), &packet);
  return packet.append(cursor.rest());
}

Result<MqttPacket> DecodeMqttPacket(MqttVersion version, std::string_view bytes) {
  Cursor cursor(bytes);
  const uint8_t head = cursor.Byte();
  const size_t length = cursor.Length();
  MqttPacket packet;
  packet.type = static_cast<MqttPacket::Type>(head >> 4U);
  const auto flags = static_cast<uint8_t>(head & 0xFU);
  if (CanBegin(head) && cursor.ok() && length == cursor.rest().size() &&
      ReadBody(version, flags, &cursor, &packet)) {
    return packet;
  }
  return Status::Invalid("what the broker sends is not MQTT: a packet of type " +
                         std::to_string(head >> 4U) + " is damaged or out of place");
}

std::string MqttReasonText(MqttVersion version, uint8_t reason) {
  if (version == MqttVersion::k311 && reason < 0x80) {
    constexpr std::array kTexts = {"accepted",
                                   "the broker does not speak MQTT 3.1.1",
                                   "the client id is refused",
                                   "the broker is not available",
                                   "the user name or password is wrong",
                                   "the client may not connect"};
    return reason < kTexts.size() ? kTexts[reason] : "reason " + std::to_string(reason);
  }
  constexpr std::array<std::pair<uint8_t, const char*>, 23> kTexts = {{
      {0x00, "accepted"},
      {0x80, "the broker gives no reason"},
      {0x81, "a packet was malformed"},
      {0x82, "the protocol was not kept"},
      {0x84, "the broker does not speak MQTT 5"},
      {0x85, "the client id is refused"},
      {0x86, "the user name or password is wrong"},
      {0x87, "the client may not do that"},
      {0x88, "the broker is not available"},
      {0x89, "the broker is busy"},
      {0x8A, "the client is banned"},
      {0x8B, "the broker shuts down"},
      {0x8D, "the broker heard nothing for too long"},
      {0x8E, "another client has taken the client id"},
      {0x8F, "the topic filter is invalid"},
      {0x90, "the topic is invalid"},
      {0x93, "more messages are in flight than agreed"},
      {0x97, "a quota is used up"},
      {0x95, "the packet is too large"},
      {0x9A, "the broker keeps no messages"},
      {0x9C, "another server is to be used"},
      {0x9E, "the broker has no shared subscriptions"},
      {0xA2, "the broker has no wildcard subscriptions"},
  }};
  for (const auto& [code, text] : kTexts) {
    if (code == reason) return text;
  }
  return "reason " + std::to_string(reason);
}

bool IsMqttLoginRefusal(MqttVersion version, uint8_t reason) {
  return version == MqttVersion::k311 ? reason == 4 || reason == 5
                                      : reason == 0x86 || reason == 0x87;
}

bool MqttTopicMatches(std::string_view filter, std::string_view topic,
                      std::vector<std::string_view>* levels) {
  constexpr std::string_view kShare = "$share/";
  if (filter.starts_with(kShare)) {
    const size_t group_end = filter.find('/', kShare.size());
    if (group_end == filter.npos) return false;
    filter.remove_prefix(group_end + 1);
  }
  // Wildcards at the front do not match what the broker says of itself.
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  while (true) {
    const size_t filter_end = filter.find('/'), topic_end = topic.find('/');
    const std::string_view want = filter.substr(0, filter_end), is = topic.substr(0, topic_end);
    if (want == "#") return filter_end == filter.npos;
    if (want == "+") {
      if (levels != nullptr) levels->push_back(is);
    } else if (want != is) {
      return false;
    }
    if (topic_end == topic.npos) {
      // "a/#" also stands for "a".
      return filter_end == filter.npos || filter.substr(filter_end) == "/#";
    }
    if (filter_end == filter.npos) return false;
    filter.remove_prefix(filter_end + 1);
    topic.remove_prefix(topic_end + 1);
  }
}

}  // namespace avocet
