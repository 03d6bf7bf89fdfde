// KafkaClaim: who has a partition, as the metadata of the group's offset tells.
//
// The rows of a partition up to some offset are in the lake of one process, and only its bronze
// table knows that offset exactly. So the metadata names the lake, and says whether its process may
// still add rows (claimed) or has added its last (released). See docs/design/0011.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/source/peer_lakes.h"

namespace avocet {

struct KafkaClaim {
  bool released = false;
  std::string source;  ///< its name in the configuration of that process
  LakeAddress lake;
};

std::string EncodeKafkaClaim(const KafkaClaim& claim);
/// Nothing for metadata that avocet has not written.
std::optional<KafkaClaim> ParseKafkaClaim(std::string_view metadata);

/// What is known about where a partition has to be read on. Offsets are of the next record, -1:
/// unknown.
struct KafkaKnowledge {
  int64_t own = -1;    ///< after what this process has taken
  int64_t group = -1;  ///< committed for the group
  std::optional<KafkaClaim> claim;
  int64_t peer = -1;  ///< in bronze of the lake that the claim names
};

/// The offset to read on from, -1 when nothing is known. `self` is the lake of this process.
int64_t NextKafkaOffset(const KafkaKnowledge& known, const LakeAddress& self);

}  // namespace avocet
