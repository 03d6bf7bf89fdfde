// The channel `mqtt`: alerts as JSON, or as a template says, published to a topic.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"

namespace avocet {

/// `env` is borrowed.
std::unique_ptr<AlertChannel> MakeMqttChannel(const MqttChannelConfig& config, Env* env);

}  // namespace avocet
