// OpenSink: the sink that a person names on the command line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/sink/sink.h"

namespace avocet {

inline constexpr const char* kSinkPlaces =
    "stdout, file:PATH, kinesis:STREAM, kafka://HOST:PORT/TOPIC, mqtt://HOST:PORT/TOPIC, "
    "http://HOST:PORT or s3://BUCKET/PREFIX";

struct SinkRequest {
  std::string to;                    ///< one of kSinkPlaces, or "-"; TLS with https and mqtts
  std::vector<std::string> options;  ///< "name=value", for SinkSettings
  std::string device_field;          ///< path of the device in a record
};

/// kUsage for a request that makes no sense; errors of the sink that it names. Borrows `env`.
Result<std::unique_ptr<Sink>> OpenSink(const SinkRequest& request, Env* env);

}  // namespace avocet
