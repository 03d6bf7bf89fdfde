// MQTT packets, of versions 3.1.1 and 5: what a client sends and reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace avocet {

enum class MqttVersion : uint8_t { k311 = 4, k5 = 5 };

struct MqttConnect {
  std::string client_id;
  bool clean_start = false;
  uint32_t session_expiry_seconds = 0;  ///< version 5: how long the broker keeps the session
  uint16_t keep_alive_seconds = 60;
  uint16_t receive_maximum = 0;  ///< version 5: messages in flight; 0: as many as the broker likes
  std::optional<std::string> username, password;
};

struct MqttSubscription {
  std::string filter;
  uint8_t qos = 1;
  /// Version 5: retained messages are sent only for a subscription that is new in the session.
  bool retained_once = true;
};

struct MqttPublish {
  std::string_view topic, payload;
  bool retain = false;     ///< the broker keeps it for who subscribes later
  uint16_t packet_id = 0;  ///< 0: quality of service 0, else 1, which the broker acknowledges
  bool duplicate = false;  ///< with a packet_id: it may have been sent before
};

// What a client sends. REQUIRES: texts of at most 65,535 bytes.
std::string EncodeMqttConnect(MqttVersion version, const MqttConnect& connect);
std::string EncodeMqttSubscribe(MqttVersion version, uint16_t packet_id,
                                const std::vector<MqttSubscription>& subscriptions);
std::string EncodeMqttPuback(uint16_t packet_id);
std::string EncodeMqttPublish(MqttVersion version, const MqttPublish& message);
std::string EncodeMqttPing();
std::string EncodeMqttDisconnect(MqttVersion version);

/// One packet of a broker. Views are slices of the bytes that it was read from.
struct MqttPacket {
  enum class Type : uint8_t {
    kConnack = 2,
    kPublish = 3,
    kPuback = 4,
    kSuback = 9,
    kPingresp = 13,
    kDisconnect = 14,  ///< version 5
  };
  Type type = Type::kPingresp;
  uint16_t packet_id = 0;  ///< of kPuback, kSuback, and of kPublish unless its qos is 0
  // kConnack.
  bool session_present = false;
  std::optional<std::string_view> assigned_client_id;
  std::optional<uint16_t> server_keep_alive_seconds;
  std::optional<uint16_t> receive_maximum;  ///< messages that the broker lets wait for its answer
  uint8_t reason = 0;  ///< of kConnack, kPuback and kDisconnect; see MqttReasonText
  std::string_view reason_string;
  // kPublish.
  std::string_view topic, payload;
  uint8_t qos = 0;
  bool retained = false, duplicate = false;
  std::vector<uint8_t> reasons;  ///< of kSuback, one for each subscription
};

/// The size of the packet that `bytes` begins with, header included; nothing while too few bytes
/// are there to tell. kInvalid: no packet begins so, or it has more than `max_bytes`.
Result<std::optional<size_t>> MqttPacketSize(std::string_view bytes, size_t max_bytes);

/// The packet that `bytes` begins with, as if it ended where they do. REQUIRES: its header is
/// there.
std::string CutMqttPacket(std::string_view bytes);

/// Reads one whole packet. kInvalid when it is damaged, or one that no broker sends to such a
/// client.
Result<MqttPacket> DecodeMqttPacket(MqttVersion version, std::string_view packet);

/// What a reason code of CONNACK, PUBACK, SUBACK or DISCONNECT means; from 0x80 on it is a refusal
/// in version 5, as is any but 0 of a CONNACK in 3.1.1.
std::string MqttReasonText(MqttVersion version, uint8_t reason);

/// Of an answer to a subscription or a message: the broker does not take it.
inline bool IsMqttRefusal(uint8_t reason) { return reason >= 0x80; }

/// Of a CONNACK: the user, the password or the client's rights are the reason.
bool IsMqttLoginRefusal(MqttVersion version, uint8_t reason);

/// Whether `topic` matches `filter`, with its wildcards + and #. A "$share/GROUP/" in front of the
/// filter does not count. What matched each + is added to `levels`, if it is given.
bool MqttTopicMatches(std::string_view filter, std::string_view topic,
                      std::vector<std::string_view>* levels = nullptr);

}  // namespace avocet
