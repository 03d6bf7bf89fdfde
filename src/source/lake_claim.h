// LakeClaim: who has a part of a shared stream, as it stands beside the stream.
//
// The rows of a part (a partition of Kafka, a shard of Kinesis) up to some place are in the lake of
// one process, and only its bronze table knows that place exactly. So a claim names the lake, and
// says whether its process may still add rows (claimed) or has added its last (released). See
// docs/design/0011 and 0016.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/source/peer_lakes.h"

namespace avocet {

struct LakeClaim {
  bool released = false;
  std::string source;  ///< its name in the configuration of that process
  LakeAddress lake;
  std::string from;  ///< the position at which that process took over; empty: not told
};

std::string EncodeLakeClaim(const LakeClaim& claim);
/// Nothing for a text that avocet has not written.
std::optional<LakeClaim> ParseLakeClaim(std::string_view text);

}  // namespace avocet
