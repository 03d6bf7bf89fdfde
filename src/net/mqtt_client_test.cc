#include "src/net/mqtt_client.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(MqttAddress, HostPortAndTls) {
  const auto expect = [](const char* url, const char* host, uint16_t port, bool tls) {
    const auto address = ParseMqttAddress(url);
    ASSERT_TRUE(address.ok()) << url;
    EXPECT_EQ(address->host, host) << url;
    EXPECT_EQ(address->port, port) << url;
    EXPECT_EQ(address->tls, tls) << url;
  };
  expect("mqtt://broker", "broker", 1883, false);
  expect("mqtts://broker.example.com/", "broker.example.com", 8883, true);
  expect("mqtt://10.0.0.1:18830", "10.0.0.1", 18830, false);
  expect("mqtt://[::1]:1884", "::1", 1884, false);
  expect("mqtts://[::1]", "::1", 8883, true);
  for (const char* url : {"", "broker:1883", "http://broker", "mqtt://", "mqtt://:1883",
                          "mqtt://a:0", "mqtt://a:65536", "mqtt://a:x", "mqtt://u@a"}) {
    EXPECT_EQ(ParseMqttAddress(url).status().code(), StatusCode::kConfig) << url;
  }
}

}  // namespace
}  // namespace avocet
