// Objects in S3 as a sink: NDJSON, a new object when one is large or old enough.
#pragma once

#include <memory>
#include <string>

#include "src/sink/batch_sink.h"
#include "src/sink/sink_settings.h"

namespace avocet {

/// `url`: s3://bucket/prefix. Keys begin with the prefix and sort in the order of the records.
/// kUsage for settings that make no sense; errors of ParseS3Url and AwsTransport::Open.
Result<std::unique_ptr<Sink>> MakeS3Sink(const std::string& url, SinkSettings settings, Env* env);

}  // namespace avocet
