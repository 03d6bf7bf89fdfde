#include "src/source/kafka/kafka_source.h"

#include <algorithm>
#include <map>
#include <utility>

#include "src/source/kafka/kafka_batches.h"
#include "src/source/kafka/kafka_partitions.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLagInterval{500};

class KafkaSource : public Source, private KafkaConsumer::Listener {
 public:
  KafkaSource(const KafkaSourceConfig& config, const std::string& name, bool once, Env* env,
              PeerLakes* peers)
      : config_(config),
        name_(name),
        once_(once),
        env_(env),
        peers_(peers),
        partitions_(config, name, env, peers),
        batches_(config, name) {}
  ~KafkaSource() override {
    if (consumer_ != nullptr) partitions_.ReleaseAll();
    consumer_.reset();
  }

  Status Open(const Positions& committed) override {
    if (peers_ == nullptr) {
      return Status::Unsupported("the source " + name_ + " can only be read into a lake");
    }
    AVOCET_RETURN_IF_ERROR(KafkaBatches::Check(config_));
    AVOCET_RETURN_IF_ERROR(partitions_.Load(committed));
    AVOCET_ASSIGN_OR_RETURN(consumer_, KafkaConsumer::Open(config_, env_, this));
    partitions_.set_consumer(consumer_.get());
    return Status::Ok();
  }

  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override;

  void TakeChangedPositions(Positions* out) override { partitions_.AddChanged(out); }
  void AllPositions(Positions* out) const override { partitions_.AddAll(out); }
  void Committed(const Positions& positions) override { partitions_.OnCommitted(positions); }
  bool TakeCommitRequest() override { return partitions_.TakeCommitRequest(); }
  SourceHealth Health() const override;

 private:
  void OnMessage(const KafkaMessage& message) override {
    if (current_.number != message.partition || current_.topic != message.topic) {
      current_ = {std::string(message.topic), message.partition};
    }
    if (partitions_.Take(current_, message.offset)) batches_.Add(message);
  }
  void OnEndOfPartition(const KafkaPartition& partition, int64_t offset) override {
    partitions_.OnEnd(partition, offset);
  }
  void OnOutOfRange(const KafkaPartition& partition, int64_t offset) override {
    partitions_.OnOutOfRange(partition, offset);
  }
  void OnAssigned(const std::vector<KafkaPartition>& partitions) override {
    for (const KafkaPartition& partition : partitions) problems_.erase(partition.topic);
    partitions_.OnAssigned(partitions);
  }
  void OnRevoked(const std::vector<KafkaPartition>& partitions, bool lost) override {
    partitions_.OnRevoked(partitions, lost);
  }
  void OnCommitted(const std::vector<KafkaOffset>& answers) override {
    partitions_.OnAnswers(answers);
  }
  void OnProblem(const std::string& topic, const std::string& problem) override {
    if (problem.empty()) {
      problems_.erase(topic);
    } else {
      problems_[topic] = problem;
    }
  }

  const KafkaSourceConfig config_;
  const std::string name_;
  const bool once_;
  Env* const env_;
  PeerLakes* const peers_;
  KafkaPartitions partitions_;
  KafkaBatches batches_;
  KafkaPartition current_;  // of the newest message
  std::unique_ptr<KafkaConsumer> consumer_;
  std::map<std::string, std::string> problems_;  // by topic; of the connection: ""
  uint64_t lag_ = 0;
  std::chrono::nanoseconds lag_at_{0};
};

Result<PollState> KafkaSource::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  const size_t most = std::max<size_t>(limits.max_records, 1);
  milliseconds wait = limits.wait;
  Status failure;
  bool more = false;
  do {
    const auto polled = consumer_->Poll(wait);
    if (!polled.ok()) failure = polled.status();
    more = polled.ok() && *polled;
    wait = milliseconds(0);
  } while (more && batches_.records() < most && batches_.bytes() < limits.max_bytes);
  batches_.Take(out);
  AVOCET_RETURN_IF_ERROR(failure);
  partitions_.Advance();
  if (env_->Monotonic() >= lag_at_) {
    lag_at_ = env_->Monotonic() + kLagInterval;
    lag_ = partitions_.Lag();
  }
  if (more) return PollState::kMore;
  return once_ && partitions_.all_at_end() ? PollState::kEnd : PollState::kIdle;
}

SourceHealth KafkaSource::Health() const {
  SourceHealth health{.problem = partitions_.problem(), .lag_records = lag_};
  for (const auto& [topic, problem] : problems_) {
    health.problem = topic.empty() ? "Kafka: " + problem : "Kafka topic " + topic + ": " + problem;
    break;
  }
  health.ready = health.problem.empty();
  return health;
}

}  // namespace

std::unique_ptr<Source> MakeKafkaSource(const KafkaSourceConfig& config, const std::string& name,
                                        bool once, Env* env, PeerLakes* peers) {
  return std::make_unique<KafkaSource>(config, name, once, env, peers);
}

}  // namespace avocet
