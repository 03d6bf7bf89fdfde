// KinesisLease: one item of the table in which processes that share a stream agree who reads a
// shard.
//
// The attributes are those of the Kinesis Client Library, and four more that begin with "avocet";
// see docs/formats/kinesis-leases.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/source/kinesis/kinesis_position.h"
#include "src/source/kinesis/kinesis_stream.h"
#include "src/source/lake_claim.h"

namespace avocet {

struct KinesisLease {
  std::string shard;
  std::vector<std::string> parents;
  std::string first_hash;  ///< of the keys of the shard, decimal; empty: unknown
  std::string last_hash;
  std::string owner;    ///< the worker that reads the shard; empty: nobody does
  int64_t counter = 0;  ///< goes up with every change; one that stands still is a worker's death
  int64_t owner_switches = 0;
  std::string stream;              ///< empty: written by another program
  std::optional<LakeClaim> claim;  ///< whose bronze knows how far the shard has been read
  /// How far that was when it was last written; exact when the claim is released.
  KinesisPosition position;
  /// Where the shard begins when nothing of it was read: arrival since 1970, 0: its oldest record.
  std::optional<int64_t> start_ms;

  bool operator==(const KinesisLease&) const;
};

/// Attributes as DynamoDB writes them, without the braces of the item around them.
using LeaseAttributes = std::vector<std::pair<std::string, std::string>>;

/// Those that are given once, when the item is made.
LeaseAttributes FixedAttributes(const KinesisLease& lease);
/// Those that change. An empty value: the item has no such attribute.
LeaseAttributes ChangingAttributes(const KinesisLease& lease);

/// The leases in an answer to Scan, and the shard after which the next page begins; empty: none
/// does. kUnavailable when the answer makes no sense, kCorrupt when an item does not.
struct LeasePage {
  std::vector<KinesisLease> leases;
  std::string last_shard;
};
Result<LeasePage> ReadLeasePage(const std::string& answer);

/// Whether `a` comes before `b` in the shard. Positions that only records without readings are
/// between are the same.
bool IsBefore(const KinesisPosition& a, const KinesisPosition& b);

}  // namespace avocet
