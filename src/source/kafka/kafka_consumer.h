// KafkaConsumer: a member of a consumer group, over librdkafka.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

struct KafkaPartition {
  std::string topic;
  int32_t number = 0;

  auto operator<=>(const KafkaPartition&) const = default;
  /// "topic/0".
  std::string Text() const { return topic + "/" + std::to_string(number); }
};

/// What the group has committed for a partition. Offsets are of the next record; -1: none.
struct KafkaOffset {
  KafkaPartition partition;
  int64_t offset = -1;
  std::string metadata;
  bool ok = true;  ///< of an answer: it concerns this partition without an error
};

struct KafkaMessage {
  std::string_view topic;
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;  ///< -1: none
  std::string_view payload;
  std::optional<std::string_view> key;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

struct KafkaWatermarks {
  int64_t low = -1;
  int64_t high = -1;
};

/// Owned by one thread, which is the one that calls the listener, in Poll only.
class KafkaConsumer {
 public:
  /// Views are valid during the call.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnMessage(const KafkaMessage& message) = 0;
    /// The next message will have this offset. May also speak of a place before a Read.
    virtual void OnEndOfPartition(const KafkaPartition& partition, int64_t offset) = 0;
    /// The offset to read from is not in the partition (any more). May also speak of a place before
    /// a Read.
    virtual void OnOutOfRange(const KafkaPartition& partition, int64_t offset) = 0;
    /// Nothing is read of them before Read.
    virtual void OnAssigned(const std::vector<KafkaPartition>& partitions) = 0;
    /// The group takes partitions away; it waits until Release is called, unless they are `lost`,
    /// because somebody else may have them already.
    virtual void OnRevoked(const std::vector<KafkaPartition>& partitions, bool lost) = 0;
    virtual void OnCommitted(const std::vector<KafkaOffset>& answers) = 0;
    /// About one topic, or with an empty `topic` about the connection to the cluster.
    virtual void OnProblem(const std::string& topic, const std::string& problem) = 0;
  };

  /// Does not wait for brokers. kConfig when librdkafka does not accept an option. Borrows
  /// `listener`.
  static Result<std::unique_ptr<KafkaConsumer>> Open(const KafkaSourceConfig& config, Env* env,
                                                     Listener* listener);
  virtual ~KafkaConsumer() = default;

  /// Waits up to `wait` for one message or event and passes it on; false when there was none.
  virtual Result<bool> Poll(std::chrono::milliseconds wait) = 0;

  /// Messages of partitions that OnAssigned named are passed on from these offsets on, and no
  /// others. What is read already begins anew.
  virtual Status Read(const std::vector<KafkaOffset>& from) = 0;
  /// Lets go of partitions that OnRevoked named, read or not; the group goes on.
  virtual Status Release(const std::vector<KafkaPartition>& partitions) = 0;

  /// Asks the cluster; kUnavailable when there is no answer.
  virtual Result<std::vector<KafkaOffset>> Committed(
      const std::vector<KafkaPartition>& partitions) = 0;
  virtual Result<KafkaWatermarks> Watermarks(const KafkaPartition& partition) = 0;
  /// The first offset whose message is not older; the end when all are.
  virtual Result<int64_t> OffsetOfTime(const KafkaPartition& partition, int64_t time_ms) = 0;
  /// Every partition of the topics that are subscribed to.
  virtual Result<std::vector<KafkaPartition>> SubscribedPartitions() = 0;

  /// The answer comes as OnCommitted, unless the status is an error.
  virtual Status Commit(const std::vector<KafkaOffset>& offsets) = 0;

  /// As the last fetch told; does not ask.
  virtual KafkaWatermarks KnownWatermarks(const KafkaPartition& partition) const = 0;
};

}  // namespace avocet
