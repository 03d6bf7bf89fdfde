#include "src/source/kafka/kafka_batches.h"

#include <algorithm>
#include <cstring>

#include "src/source/kafka/message_fields.h"
#include "src/source/records/record_splitter.h"

namespace avocet {
namespace {

constexpr std::string_view kHeader = "header.";

// The JSON value of what `name` means of a message; empty when the message does not have it.
std::string FieldValue(std::string_view name, const KafkaMessage& message) {
  if (name == "key") return message.key ? JsonText(*message.key) : "";
  if (name == "topic") return JsonText(message.topic);
  if (name == "partition") return std::to_string(message.partition);
  if (name == "offset") return std::to_string(message.offset);
  if (name == "timestamp") {
    return message.timestamp_ms >= 0 ? std::to_string(message.timestamp_ms) : "";
  }
  const std::string_view header = name.substr(kHeader.size());
  // The last one of a name counts.
  for (auto at = message.headers.rbegin(); at != message.headers.rend(); ++at) {
    if (at->first == header) return JsonText(at->second);
  }
  return "";
}

}  // namespace

KafkaBatches::KafkaBatches(const KafkaSourceConfig& config, std::string source)
    : config_(config), source_(std::move(source)) {}

Status KafkaBatches::Check(const KafkaSourceConfig& config) {
  for (const auto& [field, what] : config.fields) {
    const bool known = what == "key" || what == "topic" || what == "partition" ||
                       what == "offset" || what == "timestamp" ||
                       (what.starts_with(kHeader) && what.size() > kHeader.size());
    if (known) continue;
    return Status::Config("the field " + field + " cannot be the \"" + what +
                          "\" of a message; a message has a key, a topic, a partition, an offset, "
                          "a timestamp and headers such as header.site");
  }
  return Status::Ok();
}

std::string_view KafkaBatches::Record(const KafkaMessage& message) {
  if (config_.fields.empty()) return message.payload;
  fields_.clear();
  for (const auto& [field, what] : config_.fields) {
    std::string value = FieldValue(what, message);
    if (!value.empty()) fields_.emplace_back(field, std::move(value));
  }
  composed_.clear();
  AppendWithFields(fields_, message.payload, "value", &composed_);
  return composed_;
}

void KafkaBatches::Open(const KafkaMessage& message) {
  topic_ = message.topic;
  number_ = message.partition;
  RawBatch& batch = batches_.emplace_back();
  batch.source = source_;
  batch.partition = KafkaPartition{topic_, number_}.Text();
}

void KafkaBatches::Close() {
  if (block_ != nullptr) batches_.back().bytes = std::move(block_);
  block_ = nullptr;
  number_ = -1;
}

void KafkaBatches::Add(const KafkaMessage& message) {
  if (number_ != message.partition || topic_ != message.topic) {
    Close();
    Open(message);
  }
  batches_.back().bytes_read += message.payload.size();
  bytes_ += message.payload.size();
  ++records_;
  if (message.payload.empty()) {
    ++batches_.back().empty_records;
    return;
  }
  if (message.payload.size() > config_.max_record_bytes) {
    batches_.back().rejects.push_back(
        {std::string(message.payload.substr(0, RecordSplitter::kRejectBytes)), message.offset,
         "record_too_long",
         "the record has " + std::to_string(message.payload.size()) +
             " bytes, more than max_record_bytes " + std::to_string(config_.max_record_bytes)});
    return;
  }
  const std::string_view record = Record(message);
  if (block_ != nullptr && block_->size + record.size() > block_->capacity) {
    Close();
    Open(message);
  }
  if (block_ == nullptr) block_ = pool_.Take(std::max(BlockPool::kBlockBytes, record.size()));
  std::memcpy(block_->data.get() + block_->size, record.data(), record.size());
  batches_.back().records.push_back(
      {static_cast<uint32_t>(block_->size), static_cast<uint32_t>(record.size()), message.offset});
  block_->size += record.size();
}

void KafkaBatches::Take(std::vector<RawBatch>* out) {
  Close();
  for (RawBatch& batch : batches_) out->push_back(std::move(batch));
  batches_.clear();
  records_ = bytes_ = 0;
}

}  // namespace avocet
