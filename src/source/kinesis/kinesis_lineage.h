// KinesisLineage: which shards of a stream may be read, so that parents come before their children.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/source/kinesis/kinesis_stream.h"

namespace avocet {

/// A split or merge closes shards and opens others that go on with their keys. A device's readings
/// keep their order only when the closed ones are read to their end first. Owned by one thread.
class KinesisLineage {
 public:
  /// Takes note of all shards of the stream. Shards that are not in it have expired: their records
  /// are gone, and nobody waits for them.
  void Update(const std::vector<KinesisShard>& shards);

  /// The shard has been read to its end.
  void SetDone(const std::string& shard) { done_.insert(shard); }
  bool IsDone(const std::string& shard) const { return done_.contains(shard); }

  /// Shards to begin with: not returned before, not done, and with no parent that is still to be
  /// read. In the order of their names, which is that of their making.
  std::vector<std::string> TakeReady();

  /// Every listed shard is done.
  bool AllDone() const;
  bool Knows(const std::string& shard) const { return shards_.contains(shard); }
  bool empty() const { return shards_.empty(); }

 private:
  std::map<std::string, KinesisShard> shards_;
  std::set<std::string> done_;
  std::set<std::string> taken_;
};

}  // namespace avocet
