// KafkaBatches: messages of Kafka as batches of records.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "src/config/config.h"
#include "src/model/raw_batch.h"
#include "src/source/kafka/kafka_consumer.h"
#include "src/source/records/block_pool.h"

namespace avocet {

/// Owned by one thread.
class KafkaBatches {
 public:
  /// `source`: the name for the batches.
  KafkaBatches(const KafkaSourceConfig& config, std::string source);

  /// kConfig when `fields` of the configuration names something that a message does not have.
  static Status Check(const KafkaSourceConfig& config);

  void Add(const KafkaMessage& message);
  /// Since the last Take.
  size_t records() const { return records_; }
  size_t bytes() const { return bytes_; }
  void Take(std::vector<RawBatch>* out);

 private:
  void Open(const KafkaMessage& message);
  void Close();
  std::string_view Record(const KafkaMessage& message);

  const KafkaSourceConfig config_;
  const std::string source_;
  BlockPool pool_;
  std::vector<RawBatch> batches_;
  std::shared_ptr<SharedBytes> block_;  // of batches_.back(), while it is open
  std::string topic_;                   // of batches_.back()
  int32_t number_ = -1;
  std::vector<std::pair<std::string, std::string>> fields_;  // of one message
  std::string composed_;
  size_t records_ = 0;
  size_t bytes_ = 0;
};

}  // namespace avocet
