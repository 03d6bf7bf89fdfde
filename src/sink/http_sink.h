// HTTP as a sink: POST of NDJSON, as the HTTP source takes it.
#pragma once

#include <memory>
#include <string>

#include "src/sink/batch_sink.h"
#include "src/sink/sink_settings.h"

namespace avocet {

/// `url`: http:// or https://; without a path it is /api/v1/readings. Each batch has an
/// Idempotency-Key, so that one whose answer was lost does not count twice. kUsage for settings
/// that make no sense.
Result<std::unique_ptr<Sink>> MakeHttpSink(const std::string& url, SinkSettings settings, Env* env);

}  // namespace avocet
