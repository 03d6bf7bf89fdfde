// The `kinesis` source: every shard of a Kinesis data stream.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/kinesis/kinesis_stream.h"
#include "src/source/source.h"

namespace avocet {

/// Positions are described in kinesis_position.h. What cannot be reached or is not allowed is tried
/// again, and the health says why; with `once` it is an error, and the source ends when every shard
/// has been read to its tip. Borrows `env`.
std::unique_ptr<Source> MakeKinesisSource(const KinesisSourceConfig& config,
                                          const std::string& name, bool once, Env* env);

/// The same over any stream.
std::unique_ptr<Source> MakeKinesisSource(const KinesisSourceConfig& config,
                                          const std::string& name, bool once, Env* env,
                                          std::unique_ptr<KinesisStream> stream);

}  // namespace avocet
