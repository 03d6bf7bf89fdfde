#include "src/net/mqtt_packet.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using Type = MqttPacket::Type;
constexpr auto kV3 = MqttVersion::k311;
constexpr auto kV5 = MqttVersion::k5;

// "10 02 00" to bytes.
std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); ++i) {
    if (hex[i] == ' ') continue;
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    ++i;
  }
  return bytes;
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!hex.empty()) hex += ' ';
    hex += {kDigits[byte >> 4U], kDigits[byte & 0xFU]};
  }
  return hex;
}

// The bytes are spelled out after the specifications, not after the encoder.
TEST(MqttPacket, Connect) {
  EXPECT_EQ(Hex(EncodeMqttConnect(kV3, {.client_id = "ab", .keep_alive_seconds = 10})),
            "10 0e 00 04 4d 51 54 54 04 00 00 0a 00 02 61 62");
  EXPECT_EQ(Hex(EncodeMqttConnect(kV5, {.client_id = "ab",
                                        .clean_start = true,
                                        .session_expiry_seconds = 258,
                                        .keep_alive_seconds = 10,
                                        .receive_maximum = 3,
                                        .username = "u",
                                        .password = "pw"})),
            "10 1e 00 04 4d 51 54 54 05 c2 00 0a 08 11 00 00 01 02 21 00 03 00 02 61 62 00 01 75 "
            "00 02 70 77");
}

TEST(MqttPacket, WhatElseAClientSends) {
  EXPECT_EQ(Hex(EncodeMqttSubscribe(kV3, 1, {{"a/+", 1}, {"b", 0}})),
            "82 0c 00 01 00 03 61 2f 2b 01 00 01 62 00");
  EXPECT_EQ(Hex(EncodeMqttSubscribe(kV5, 258, {{"a", 1}})), "82 07 01 02 00 00 01 61 11");
  EXPECT_EQ(Hex(EncodeMqttPuback(258)), "40 02 01 02");
  EXPECT_EQ(Hex(EncodeMqttPublish(kV3, {.topic = "t", .payload = "xy"})), "30 05 00 01 74 78 79");
  EXPECT_EQ(Hex(EncodeMqttPublish(kV5, {.topic = "t", .payload = "xy"})),
            "30 06 00 01 74 00 78 79");
  const MqttPublish kept{.topic = "t", .payload = "xy", .retain = true, .packet_id = 258};
  EXPECT_EQ(Hex(EncodeMqttPublish(kV3, kept)), "33 07 00 01 74 01 02 78 79");
  EXPECT_EQ(Hex(EncodeMqttPublish(kV5, kept)), "33 08 00 01 74 01 02 00 78 79");
  const MqttPublish again{.topic = "t", .payload = "xy", .packet_id = 258, .duplicate = true};
  EXPECT_EQ(Hex(EncodeMqttPublish(kV3, again)), "3a 07 00 01 74 01 02 78 79");
  EXPECT_EQ(Hex(EncodeMqttPing()), "c0 00");
  EXPECT_EQ(Hex(EncodeMqttDisconnect(kV5)), "e0 00");
  // A length of more than one byte.
  const std::string payload(200, 'x');
  const std::string packet = EncodeMqttPublish(kV3, {.topic = "t", .payload = payload});
  EXPECT_EQ(Hex(packet).substr(0, 8), "30 cb 01");
}

TEST(MqttPacket, SizeIsKnownFromTheFirstBytes) {
  EXPECT_FALSE(MqttPacketSize("", 1000)->has_value());
  EXPECT_FALSE(MqttPacketSize(Bytes("30"), 1000)->has_value());
  EXPECT_FALSE(MqttPacketSize(Bytes("30 80"), 1000)->has_value());
  EXPECT_EQ(MqttPacketSize(Bytes("d0 00"), 1000)->value(), 2U);
  EXPECT_EQ(MqttPacketSize(Bytes("30 cb 01 00"), 1000)->value(), 206U);
  EXPECT_EQ(MqttPacketSize(Bytes("30 cb 01"), 205).status().code(), StatusCode::kInvalid);
  EXPECT_EQ(MqttPacketSize(Bytes("30 ff ff ff ff 7f"), SIZE_MAX).status().code(),
            StatusCode::kInvalid);
}

TEST(MqttPacket, ConnackSaysHowManyMessagesMayWait) {
  EXPECT_EQ(DecodeMqttPacket(kV5, Bytes("20 06 00 00 03 21 00 14"))->receive_maximum, 20);
  EXPECT_FALSE(DecodeMqttPacket(kV5, Bytes("20 03 00 00 00"))->receive_maximum.has_value());
}

TEST(MqttPacket, Connack) {
  const auto v3 = DecodeMqttPacket(kV3, Bytes("20 02 01 00"));
  ASSERT_TRUE(v3.ok());
  EXPECT_EQ(v3->type, Type::kConnack);
  EXPECT_TRUE(v3->session_present);
  EXPECT_EQ(DecodeMqttPacket(kV3, Bytes("20 02 00 05"))->reason, 5);
  const std::string v5 = Bytes("20 0f 00 86 0c 12 00 01 78 13 00 1e 1f 00 02 6e 6f");
  const auto packet = DecodeMqttPacket(kV5, v5);
  ASSERT_TRUE(packet.ok());
  EXPECT_EQ(packet->reason, 0x86);
  EXPECT_EQ(packet->assigned_client_id, "x");
  EXPECT_EQ(packet->server_keep_alive_seconds, 30);
  EXPECT_EQ(packet->reason_string, "no");
}

TEST(MqttPacket, Publish) {
  const std::string bytes = Bytes("3b 08 00 03 61 2f 62 01 02 39");
  const auto v3 = DecodeMqttPacket(kV3, bytes);
  ASSERT_TRUE(v3.ok());
  EXPECT_EQ(v3->topic, "a/b");
  EXPECT_EQ(v3->payload, "9");
  EXPECT_EQ(v3->packet_id, 258);
  EXPECT_EQ(v3->qos, 1);
  EXPECT_TRUE(v3->retained);
  EXPECT_TRUE(v3->duplicate);
  // Properties: expiry, a user property, subscription identifiers of one and two bytes.
  const std::string with_properties =
      Bytes("30 17 00 01 74 10 02 00 00 00 05 26 00 01 61 00 01 62 0b 05 0b 80 01 31 32 33");
  ASSERT_EQ(with_properties.size(), 26U);
  std::string fixed = with_properties;
  fixed[1] = static_cast<char>(fixed.size() - 2);
  fixed[5] = 0x11;
  const auto v5 = DecodeMqttPacket(kV5, fixed);
  ASSERT_TRUE(v5.ok()) << v5.status().message();
  EXPECT_EQ(v5->payload, "123");
  EXPECT_EQ(v5->packet_id, 0);
}

TEST(MqttPacket, SubackAndDisconnect) {
  const auto suback = DecodeMqttPacket(kV5, Bytes("90 05 00 07 00 01 87"));
  ASSERT_TRUE(suback.ok());
  EXPECT_EQ(suback->packet_id, 7);
  EXPECT_EQ(suback->reasons, (std::vector<uint8_t>{1, 0x87}));
  EXPECT_EQ(DecodeMqttPacket(kV5, Bytes("e0 00"))->reason, 0);
  EXPECT_EQ(DecodeMqttPacket(kV5, Bytes("e0 02 8e 00"))->reason, 0x8E);
  EXPECT_EQ(MqttReasonText(kV5, 0x8E), "another client has taken the client id");
  EXPECT_EQ(MqttReasonText(kV3, 4), "the user name or password is wrong");
  EXPECT_EQ(MqttReasonText(kV3, 0x80), "the broker gives no reason");
  EXPECT_EQ(MqttReasonText(kV5, 0x91), "reason 145");
}

TEST(MqttPacket, Puback) {
  const auto v3 = DecodeMqttPacket(kV3, Bytes("40 02 01 02"));
  ASSERT_TRUE(v3.ok());
  EXPECT_EQ(v3->type, MqttPacket::Type::kPuback);
  EXPECT_EQ(v3->packet_id, 258);
  EXPECT_EQ(v3->reason, 0);
  EXPECT_EQ(DecodeMqttPacket(kV5, Bytes("40 02 01 02"))->reason, 0);
  EXPECT_EQ(DecodeMqttPacket(kV5, Bytes("40 03 01 02 10"))->reason, 0x10);
  const std::string bytes = Bytes("40 08 01 02 87 04 1f 00 01 6e");  // the packet refers to them
  const auto refused = DecodeMqttPacket(kV5, bytes);
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->reason, 0x87);
  EXPECT_EQ(refused->reason_string, "n");
}

TEST(MqttPacket, DamageIsRefused) {
  const auto refuse = [](MqttVersion version, std::string_view hex) {
    EXPECT_EQ(DecodeMqttPacket(version, Bytes(hex)).status().code(), StatusCode::kInvalid) << hex;
  };
  refuse(kV3, "");
  refuse(kV3, "20 02 00");              // shorter than it says
  refuse(kV3, "20 01 00");              // a byte is missing
  refuse(kV3, "21 02 00 00");           // flags
  refuse(kV3, "30 04 00 05 61 62");     // the topic is longer than the packet
  refuse(kV3, "30 02 00 00");           // no topic
  refuse(kV3, "30 03 00 01 2b");        // a wildcard in a topic
  refuse(kV3, "30 03 00 01 ff");        // not UTF-8
  refuse(kV3, "32 05 00 01 61 00 00");  // packet id 0
  refuse(kV3, "36 05 00 01 61 00 01");  // quality of service 3
  refuse(kV3, "40 03 01 02 00");        // a reason, in 3.1.1
  refuse(kV5, "40 01 01");              // half an id
  refuse(kV3, "90 02 00 01");           // no reasons
  refuse(kV3, "e0 00");                 // not in 3.1.1
  refuse(kV3, "10 00");                 // only clients send it
  refuse(kV5, "20 04 00 00 01 7f");     // unknown property
  refuse(kV5, "20 04 00 00 05 12");     // properties longer than the packet
  refuse(kV5, "30 05 00 01 61 02 12");  // a property longer than the properties
}

TEST(MqttPacket, FiltersMatchTopics) {
  const auto match = [](std::string_view filter, std::string_view topic, bool want = true) {
    EXPECT_EQ(MqttTopicMatches(filter, topic), want) << filter << " and " << topic;
  };
  match("a/b", "a/b");
  match("a/b", "a/c", false);
  match("a/b", "a/b/c", false);
  match("a/b/c", "a/b", false);
  match("+/b", "a/b");
  match("a/+", "a/");
  match("a/+", "a", false);
  match("a/+/c", "a/b/d", false);
  match("#", "a/b/c");
  match("a/#", "a/b/c");
  match("a/#", "a");
  match("a/#", "ab", false);
  match("+", "a/b", false);
  match("#", "$SYS/load", false);
  match("+/load", "$SYS/load", false);
  match("$SYS/#", "$SYS/load");
  match("$share/group/a/+", "a/b");
  match("$share/group", "group", false);
  std::vector<std::string_view> levels;
  EXPECT_TRUE(MqttTopicMatches("plant/+/+/telemetry", "plant/hall/pump/telemetry", &levels));
  EXPECT_EQ(levels, (std::vector<std::string_view>{"hall", "pump"}));
}

}  // namespace
}  // namespace avocet
