// Topics of an MQTT broker as a sink.
#pragma once

#include <memory>
#include <string>

#include "src/sink/sink.h"
#include "src/sink/sink_settings.h"

namespace avocet {

/// `url`: mqtt://host:1883/topic or mqtts://...; "{device}" in the topic is the device of the
/// record, at `device_field`. Quality of service 1. kUsage or kConfig when something makes no
/// sense.
Result<std::unique_ptr<Sink>> MakeMqttSink(const std::string& url, const std::string& device_field,
                                           SinkSettings settings, Env* env);

}  // namespace avocet
