// Where a partition has to be read on, from what is known about those who had it.
#pragma once

#include <cstdint>
#include <optional>

#include "src/source/lake_claim.h"

namespace avocet {

/// Offsets are of the next record, -1: unknown.
struct KafkaKnowledge {
  int64_t own = -1;    ///< after what this process has taken
  int64_t group = -1;  ///< committed for the group
  std::optional<LakeClaim> claim;
  int64_t from = -1;  ///< where the claim's process began
  int64_t peer = -1;  ///< in bronze of the lake that the claim names
};

/// The offset to read on from, -1 when nothing is known. `self` is the lake of this process.
int64_t NextKafkaOffset(const KafkaKnowledge& known, const LakeAddress& self);

}  // namespace avocet
