#include "src/source/kinesis/kinesis_lineage.h"

#include <algorithm>

namespace avocet {

void KinesisLineage::Update(const std::vector<KinesisShard>& shards) {
  shards_.clear();
  for (const KinesisShard& shard : shards) shards_[shard.id] = shard;
}

std::vector<std::string> KinesisLineage::TakeReady() {
  std::vector<std::string> ready;
  for (const auto& [id, shard] : shards_) {
    if (done_.contains(id) || taken_.contains(id)) continue;
    const bool waits =
        std::any_of(shard.parents.begin(), shard.parents.end(), [this](const std::string& parent) {
          return shards_.contains(parent) && !done_.contains(parent);
        });
    if (!waits) ready.push_back(id);
  }
  taken_.insert(ready.begin(), ready.end());
  return ready;
}

bool KinesisLineage::AllDone() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [this](const auto& entry) { return done_.contains(entry.first); });
}

}  // namespace avocet
