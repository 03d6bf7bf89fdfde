// Publishing one message to an MQTT broker.
#pragma once

#include <chrono>
#include <string>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/mqtt_client.h"

namespace avocet {

struct MqttPublication {
  MqttClientOptions client;  ///< without addresses and subscriptions
  std::string topic;
  std::string payload;
  bool retain = false;
  std::chrono::milliseconds timeout{10'000};
  bool allow_private = false;  ///< addresses that are not of the public internet
};

/// Connects, publishes with quality of service 1 and waits until the broker has taken the message.
/// kUnavailable: it may work later; kPermission: the address is not allowed, or the broker refuses
/// the message; kConfig: a certificate or key cannot be used.
Status PublishMqtt(const MqttPublication& publication, Env* env);

}  // namespace avocet
