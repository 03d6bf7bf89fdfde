// KinesisStream: the calls that reading a Kinesis stream takes. Tests have one in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/net/aws_service.h"

namespace avocet {

struct KinesisShard {
  std::string id;
  std::vector<std::string> parents;  ///< of a split or merge: none, one or two
  std::string first_hash;            ///< of its keys, decimal
  std::string last_hash;
};

/// Where reading a shard begins.
struct KinesisStart {
  enum class At : uint8_t { kTrimHorizon, kTimestamp, kSequence, kAfterSequence };

  At at = At::kTrimHorizon;
  int64_t timestamp_ms = 0;  ///< of kTimestamp, since 1970
  std::string sequence;      ///< of kSequence and kAfterSequence
};

struct KinesisRecord {
  std::string sequence;
  std::string_view data;  ///< into KinesisRecords::bytes
};

/// One answer with records of a shard.
struct KinesisRecords {
  std::vector<KinesisRecord> records;
  std::string next_iterator;  ///< empty: the shard is closed and has been read to its end
  int64_t behind_ms = -1;     ///< of the tip of the shard; -1: unknown
  std::shared_ptr<const std::string> bytes;
};

/// Calls block, come from several threads, and fail as those of AwsJsonService do.
class KinesisStream {
 public:
  virtual ~KinesisStream() = default;

  /// Every shard that still has records, or may get some.
  virtual Result<std::vector<KinesisShard>> ListShards() = 0;
  virtual Result<std::string> GetIterator(const std::string& shard, const KinesisStart& start) = 0;
  /// kConflict: the iterator has expired.
  virtual Result<KinesisRecords> GetRecords(const std::string& iterator, int limit) = 0;
  /// Calls under way and later ones return kCancelled.
  virtual void Cancel() = 0;
};

/// The stream of that name. Empty `endpoint`: the service of the transport's region.
std::unique_ptr<KinesisStream> MakeKinesisStream(std::shared_ptr<AwsTransport> transport,
                                                 const std::string& endpoint, std::string name);

}  // namespace avocet
