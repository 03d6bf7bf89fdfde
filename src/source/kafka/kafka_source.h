// The `kafka` source: topics of Kafka, alone or shared with other processes of a consumer group.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/peer_lakes.h"
#include "src/source/source.h"

namespace avocet {

/// The partition of a batch is "topic/0", the offset of a record Kafka's, and the position
/// {"offset":512}, of the next record, under the key "<name>/topic/0". What the group has committed
/// at the broker only says who has a partition (see kafka_claim.h) and lets others measure lag.
/// With `once`, the source ends when everything that its partitions have has been read. A cluster
/// that is away, a topic that does not exist and credentials that are refused are waited for, and
/// told by Health. Open: kConfig when an option is wrong, kUnsupported without `peers` (null).
/// Borrows `env` and `peers`.
std::unique_ptr<Source> MakeKafkaSource(const KafkaSourceConfig& config, const std::string& name,
                                        bool once, Env* env, PeerLakes* peers);

}  // namespace avocet
