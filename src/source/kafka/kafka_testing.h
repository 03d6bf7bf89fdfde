// A member of a Kafka group that does what a test says. Only tests include it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/source/kafka/kafka_consumer.h"

namespace avocet {

/// The cluster is what stands in its members; commits are answered by Answer, or by Poll.
class FakeKafkaConsumer : public KafkaConsumer {
 public:
  std::map<KafkaPartition, KafkaOffset> group;      ///< what it has committed
  std::map<KafkaPartition, KafkaWatermarks> marks;  ///< of partitions that exist
  std::map<KafkaPartition, int64_t> reading;        ///< where Read began, until Release
  std::vector<KafkaOffset> in_flight;               ///< committed and not answered
  bool refuses = false;                             ///< commits, as from one that is no member
  int64_t offset_of_time = -1;
  std::function<void(const std::vector<KafkaOffset>&)> on_answers;

  /// False when nothing was asked.
  bool Answer() {
    if (in_flight.empty()) return false;
    std::vector<KafkaOffset> answers = std::exchange(in_flight, {});
    for (KafkaOffset& answer : answers) {
      answer.ok = !refuses;
      if (!refuses) group[answer.partition] = answer;
    }
    on_answers(answers);
    return true;
  }

  Result<bool> Poll(std::chrono::milliseconds) override { return Answer(); }
  Status Read(const std::vector<KafkaOffset>& from) override {
    for (const KafkaOffset& at : from) reading[at.partition] = at.offset;
    return Status::Ok();
  }
  Status Release(const std::vector<KafkaPartition>& partitions) override {
    for (const KafkaPartition& partition : partitions) reading.erase(partition);
    return Status::Ok();
  }
  Result<std::vector<KafkaOffset>> Committed(
      const std::vector<KafkaPartition>& partitions) override {
    std::vector<KafkaOffset> offsets;
    for (const KafkaPartition& partition : partitions) {
      const auto at = group.find(partition);
      offsets.push_back(at == group.end() ? KafkaOffset{.partition = partition} : at->second);
    }
    return offsets;
  }
  Result<KafkaWatermarks> Watermarks(const KafkaPartition& partition) override {
    return KnownWatermarks(partition);
  }
  Result<int64_t> OffsetOfTime(const KafkaPartition&, int64_t) override { return offset_of_time; }
  Result<std::vector<KafkaPartition>> SubscribedPartitions() override {
    std::vector<KafkaPartition> partitions;
    for (const auto& [partition, ends] : marks) partitions.push_back(partition);
    return partitions;
  }
  Status Commit(const std::vector<KafkaOffset>& offsets) override {
    in_flight = offsets;
    return Status::Ok();
  }
  KafkaWatermarks KnownWatermarks(const KafkaPartition& partition) const override {
    return marks.at(partition);
  }
};

}  // namespace avocet
