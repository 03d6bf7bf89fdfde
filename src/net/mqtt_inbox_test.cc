#include "src/net/mqtt_inbox.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avocet {
namespace {

// The payloads of what arrives in pieces of this size; "+N" for N bytes that were cut.
std::vector<std::string> Payloads(const std::string& bytes, size_t piece, size_t max_payload) {
  MqttInbox inbox(MqttVersion::k5, max_payload);
  std::vector<std::string> found;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    inbox.Add(std::string_view(bytes).substr(at, piece));
    while (true) {
      const auto packet = inbox.Next();
      EXPECT_TRUE(packet.ok()) << packet.status().message();
      if (!packet.ok() || !packet->has_value()) break;
      EXPECT_EQ((*packet)->topic, "t");
      found.emplace_back((*packet)->payload);
      if (inbox.cut_bytes() > 0) found.back() = "+" + std::to_string(inbox.cut_bytes());
    }
  }
  return found;
}

std::string Publish(const std::string& payload) {
  return EncodeMqttPublish(MqttVersion::k5, {.topic = "t", .payload = payload});
}

TEST(MqttInbox, PacketsComeInAnyPieces) {
  const std::string bytes = Publish("one") + Publish("") + Publish(std::string(300, 'x'));
  const std::vector<std::string> want = {"one", "", std::string(300, 'x')};
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(Payloads(bytes, piece, 1000), want) << piece;
  }
}

TEST(MqttInbox, OfALongPayloadOnlyTheBeginningIsKept) {
  const size_t size = size_t{1} << 20;
  const std::string bytes = Publish("a") + Publish(std::string(size, 'x')) + Publish("b");
  for (const size_t piece : {size_t{1000}, size_t{65536}}) {
    const std::vector<std::string> found = Payloads(bytes, piece, 1000);
    ASSERT_EQ(found.size(), 3U) << piece;
    EXPECT_EQ(found[0], "a");
    EXPECT_EQ(found[1].substr(0, 1), "+");
    EXPECT_EQ(found[2], "b");
  }
}

TEST(MqttInbox, WhatIsNotMqttIsRefused) {
  MqttInbox inbox(MqttVersion::k5, 1000);
  inbox.Add("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(inbox.Next().status().code(), StatusCode::kInvalid);
}

}  // namespace
}  // namespace avocet
