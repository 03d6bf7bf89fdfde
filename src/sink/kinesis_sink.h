// A Kinesis data stream as a sink.
#pragma once

#include <memory>
#include <string>

#include "src/sink/batch_sink.h"
#include "src/sink/sink_settings.h"

namespace avocet {

/// The device of a record, at `device_field`, is its partition key. kUsage for settings that make
/// no sense; errors of AwsTransport::Open.
Result<std::unique_ptr<Sink>> MakeKinesisSink(const std::string& stream,
                                              const std::string& device_field,
                                              SinkSettings settings, Env* env);

}  // namespace avocet
