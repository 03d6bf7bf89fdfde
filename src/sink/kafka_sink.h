// A Kafka topic as a sink.
#pragma once

#include <memory>
#include <string>

#include "src/sink/sink.h"
#include "src/sink/sink_settings.h"

namespace avocet {

/// `place`: "host:port,host:port/topic". The device of a record, at `device_field`, is its key. A
/// record counts as acknowledged when its delivery report says so; the producer is idempotent.
/// Settings are options of librdkafka, `password_file` and `patience`. kUsage or kConfig when one
/// makes no sense.
Result<std::unique_ptr<Sink>> MakeKafkaSink(const std::string& place,
                                            const std::string& device_field, SinkSettings settings,
                                            Env* env);

}  // namespace avocet
