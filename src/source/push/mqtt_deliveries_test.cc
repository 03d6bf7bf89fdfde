#include "src/source/push/mqtt_deliveries.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using Known = MqttDeliveries::Known;

MqttMessage Message(uint64_t connection, uint16_t id, bool duplicate = false) {
  return {.qos = 1, .duplicate = duplicate, .receipt = {connection, id}};
}

TEST(MqttDeliveries, AcknowledgementGoesToTheNewestConnection) {
  MqttDeliveries deliveries;
  uint64_t serial = 0, other = 0;
  EXPECT_EQ(deliveries.Arrive(Message(1, 7), 111, &serial), Known::kNew);
  EXPECT_EQ(deliveries.Arrive(Message(2, 7, true), 111, &other), Known::kTaken);
  const auto receipt = deliveries.Durable(7, serial);
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->connection, 2U);
  deliveries.Acknowledged(7);
  EXPECT_EQ(deliveries.size(), 0U);
}

TEST(MqttDeliveries, DurableMessageThatComesAgainIsAcknowledgedAtOnce) {
  MqttDeliveries deliveries;
  uint64_t serial = 0;
  deliveries.Arrive(Message(1, 7), 111, &serial);
  EXPECT_TRUE(deliveries.Durable(7, serial).has_value());  // the connection was gone
  EXPECT_EQ(deliveries.Arrive(Message(2, 7, true), 111, &serial), Known::kDurable);
}

TEST(MqttDeliveries, PacketIdsAreUsedAgain) {
  MqttDeliveries deliveries;
  uint64_t first = 0, second = 0;
  deliveries.Arrive(Message(1, 7), 111, &first);
  EXPECT_EQ(deliveries.Arrive(Message(1, 7), 111, &second), Known::kNew) << "no duplicate";
  EXPECT_EQ(deliveries.Arrive(Message(1, 7, true), 222, &second), Known::kNew) << "other content";
  EXPECT_FALSE(deliveries.Durable(7, first).has_value());
  EXPECT_TRUE(deliveries.Durable(7, second).has_value());
}

TEST(MqttDeliveries, WhatWasNotTakenOrAcknowledgedIsNewAgain) {
  MqttDeliveries deliveries;
  uint64_t serial = 0;
  deliveries.Arrive(Message(1, 7), 111, &serial);
  deliveries.Forget(7, serial);
  EXPECT_EQ(deliveries.Arrive(Message(2, 7, true), 111, &serial), Known::kNew);
  deliveries.NewSession();
  EXPECT_EQ(deliveries.Arrive(Message(3, 7, true), 111, &serial), Known::kNew);
}

}  // namespace
}  // namespace avocet
