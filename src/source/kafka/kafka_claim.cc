#include "src/source/kafka/kafka_claim.h"

#include <algorithm>

namespace avocet {

int64_t NextKafkaOffset(const KafkaKnowledge& known, const LakeAddress& self) {
  // Nobody else has had it since: this lake decides, also when it was restored from a backup. Only
  // what was there before the claim is another's: killed before its first commit, a process has in
  // its bronze table no more than where it once ended.
  const bool own_last = !known.claim || known.claim->lake.table_id == self.table_id;
  if (own_last) return known.own >= 0 ? std::max(known.own, known.from) : known.group;
  return std::max({known.own, known.group, known.peer});
}

}  // namespace avocet
