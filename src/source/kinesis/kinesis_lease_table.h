// KinesisLeaseTable: the calls that sharing a stream takes. Tests have one in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/net/aws_service.h"
#include "src/source/kinesis/kinesis_lease.h"

namespace avocet {

/// Calls block, come from one thread at a time, and fail as those of AwsJsonService do. A change
/// whose answer is lost may have been made.
class KinesisLeaseTable {
 public:
  virtual ~KinesisLeaseTable() = default;

  /// Makes the table when it is not there. kUnavailable: it is still being made; kConfig: the table
  /// of that name is for something else.
  virtual Status Prepare() = 0;
  /// All leases, as they were at some instant during the call or later.
  virtual Result<std::vector<KinesisLease>> List() = 0;
  /// kConflict: the shard has one.
  virtual Status Create(const KinesisLease& lease) = 0;
  /// Writes the changing attributes of `lease`. kConflict: the counter is not `seen`, or the lease
  /// is not there.
  virtual Status Change(const KinesisLease& lease, int64_t seen) = 0;
  /// Likewise.
  virtual Status Remove(const std::string& shard, int64_t seen) = 0;
  /// From any thread: calls under way and later ones return kCancelled.
  virtual void Cancel() = 0;
};

/// The table of that name in DynamoDB. Empty `endpoint`: the service of the transport's region.
std::unique_ptr<KinesisLeaseTable> MakeKinesisLeaseTable(std::shared_ptr<AwsTransport> transport,
                                                         const std::string& endpoint,
                                                         std::string name);

}  // namespace avocet
