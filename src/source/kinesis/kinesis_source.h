// The `kinesis` source: every shard of a Kinesis data stream.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/kinesis/kinesis_lease_table.h"
#include "src/source/kinesis/kinesis_stream.h"
#include "src/source/peer_lakes.h"
#include "src/source/source.h"

namespace avocet {

/// What a source may be given instead of the services of AWS.
struct KinesisServices {
  std::unique_ptr<KinesisStream> stream;
  std::unique_ptr<KinesisLeaseTable> leases;
};

/// Positions are described in kinesis_position.h. What cannot be reached or is not allowed is tried
/// again, and the health says why; with `once` it is an error, and the source ends when every shard
/// has been read to its tip, here or by others that share the stream. Borrows `env`, and `peers`,
/// which only a shared stream needs.
std::unique_ptr<Source> MakeKinesisSource(const KinesisSourceConfig& config,
                                          const std::string& name, bool once, Env* env,
                                          PeerLakes* peers, KinesisServices services = {});

}  // namespace avocet
