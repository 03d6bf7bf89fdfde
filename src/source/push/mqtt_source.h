// MqttSource: messages of an MQTT broker, acknowledged when they are durable in the journal.
// Bronze is filled from the journal.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/source.h"

namespace avocet {

/// The partition of a row is the topic of its message, the offset its number in the journal in
/// `directory`. With `once` the journal is drained, without connecting. Borrows `env`.
std::unique_ptr<Source> MakeMqttSource(const MqttSourceConfig& config, const std::string& name,
                                       const std::string& directory, bool once, Env* env);

}  // namespace avocet
