#include "src/source/kafka/kafka_consumer.h"

#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <regex>

#include "src/env/secret.h"
#include "src/source/kafka/kafka_options.h"
#include "src/source/kafka/kafka_trust.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

// How long the thread that drives all sources waits for an answer of the cluster.
constexpr int kAnswerMs = 3000;
// While something is wrong, the cluster is asked this often whether it still is.
constexpr std::chrono::seconds kProbeInterval{2};
constexpr int kProbeMs = 200;
constexpr milliseconds kLastWords{5000};  // until the group is left without its answer
constexpr int kLeaveWaitMs = 20;

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

struct HandleDeleter {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using Error = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;

List MakeList(const std::vector<KafkaPartition>& partitions) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const KafkaPartition& partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
  }
  return list;
}

List MakeList(const std::vector<KafkaOffset>& offsets) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const KafkaOffset& at : offsets) {
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), at.partition.topic.c_str(),
                                                    at.partition.number);
    entry->offset = at.offset;
    if (at.metadata.empty()) continue;
    // The list frees it with the C library.
    entry->metadata = rd_kafka_mem_malloc(nullptr, at.metadata.size());
    at.metadata.copy(static_cast<char*>(entry->metadata), at.metadata.size());
    entry->metadata_size = at.metadata.size();
  }
  return list;
}

std::vector<KafkaPartition> Partitions(const rd_kafka_topic_partition_list_t& list) {
  std::vector<KafkaPartition> partitions;
  for (int i = 0; i < list.cnt; ++i) {
    partitions.push_back({list.elems[i].topic, list.elems[i].partition});
  }
  return partitions;
}

std::vector<KafkaOffset> Offsets(const rd_kafka_topic_partition_list_t& list) {
  std::vector<KafkaOffset> offsets;
  for (int i = 0; i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list.elems[i];
    KafkaOffset at{.partition = {entry.topic, entry.partition},
                   .offset = std::max<int64_t>(entry.offset, -1),
                   .ok = entry.err == RD_KAFKA_RESP_ERR_NO_ERROR};
    if (entry.metadata != nullptr) {
      at.metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
    }
    offsets.push_back(std::move(at));
  }
  return offsets;
}

Status Unavailable(const char* verb, rd_kafka_resp_err_t code) {
  return Status::Unavailable(std::string("cannot ") + verb + ": " + rd_kafka_err2str(code));
}

class RdKafkaConsumer : public KafkaConsumer {
 public:
  RdKafkaConsumer(const KafkaSourceConfig& config, Env* env, Listener* listener)
      : config_(config),
        env_(env),
        listener_(listener),
        opaque_(std::make_unique<Opaque>(this, config)) {}
  ~RdKafkaConsumer() override;

  Status Start(KafkaConf conf);

  Result<bool> Poll(milliseconds wait) override;
  Status Read(const std::vector<KafkaOffset>& from) override;
  Status Release(const std::vector<KafkaPartition>& partitions) override;
  Result<std::vector<KafkaOffset>> Committed(
      const std::vector<KafkaPartition>& partitions) override;
  Result<KafkaWatermarks> Watermarks(const KafkaPartition& partition) override;
  Result<int64_t> OffsetOfTime(const KafkaPartition& partition, int64_t time_ms) override;
  Result<std::vector<KafkaPartition>> SubscribedPartitions() override;
  Status Commit(const std::vector<KafkaOffset>& offsets) override;
  KafkaWatermarks KnownWatermarks(const KafkaPartition& partition) const override;

 private:
  // What callbacks get. Those that threads of librdkafka run may not touch the consumer.
  struct Opaque {
    Opaque(RdKafkaConsumer* self, const KafkaSourceConfig& config)
        : consumer(self), trust(config) {}
    RdKafkaConsumer* const consumer;
    KafkaTrust trust;
  };

  static RdKafkaConsumer* Self(void* opaque) { return static_cast<Opaque*>(opaque)->consumer; }
  static void OnRebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                          rd_kafka_topic_partition_list_t* list, void* opaque);
  static void OnCommit(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                       void* opaque);
  static void OnError(rd_kafka_t*, int code, const char* reason, void* opaque);
  static int OnCertificate(rd_kafka_t*, const char* broker, int32_t, int* error, int,
                           const char* der, size_t size, char*, size_t, void* opaque);

  void PassOn(const rd_kafka_message_t& message);
  void PassOnError(const rd_kafka_message_t& message);
  void RenewPassword();
  void Probe();
  // Of its group, as the broker has told it.
  bool IsMember() const;
  bool Leave();
  Status Assign(const std::vector<KafkaOffset>& from);
  Status Unassign(const rd_kafka_topic_partition_list_t& partitions);
  List BeingRead(const std::vector<KafkaPartition>& among) const;
  bool IsSubscribed(const std::string& topic) const;

  const KafkaSourceConfig config_;
  Env* const env_;
  Listener* const listener_;
  std::unique_ptr<Opaque> opaque_;  // outlives the handle
  std::unique_ptr<rd_kafka_t, HandleDeleter> handle_;
  std::vector<std::regex> patterns_;
  bool was_assigned_ = false;  // ever
  bool in_trouble_ = false;
  std::chrono::nanoseconds probe_at_{0};
  std::string fatal_;
};

Status RdKafkaConsumer::Start(KafkaConf conf) {
  rd_kafka_conf_set_opaque(conf.get(), opaque_.get());
  rd_kafka_conf_set_rebalance_cb(conf.get(), &RdKafkaConsumer::OnRebalance);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), &RdKafkaConsumer::OnCommit);
  rd_kafka_conf_set_error_cb(conf.get(), &RdKafkaConsumer::OnError);
  rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), &RdKafkaConsumer::OnCertificate);
  // What matters comes as an error. The rest is for who has set the option `debug`.
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char* text) {
    spdlog::debug("librdkafka: {}", text);
  });
  for (const std::string& topic : config_.topics) {
    if (!topic.starts_with('^')) continue;
    try {
      patterns_.emplace_back(topic, std::regex::extended);
    } catch (const std::regex_error& error) {
      return Status::Config("cannot read the pattern of topics " + topic + ": " + error.what());
    }
  }
  std::string reason(512, '\0');
  handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), reason.data(), reason.size()));
  if (handle_ == nullptr) {
    return Status::Config("cannot use the options of Kafka: " + std::string(reason.c_str()));
  }
  static_cast<void>(conf.release());  // The handle owns it.
  rd_kafka_poll_set_consumer(handle_.get());
  const List topics(rd_kafka_topic_partition_list_new(static_cast<int>(config_.topics.size())));
  for (const std::string& topic : config_.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(handle_.get(), topics.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::Ok();
  return Status::Config(std::string("cannot subscribe to the topics: ") + rd_kafka_err2str(code));
}

RdKafkaConsumer::~RdKafkaConsumer() {
  if (handle_ == nullptr) return;
  const bool is_member = IsMember();
  const bool has_left = Leave();
  if (!has_left) {
    spdlog::warn("the Kafka group {} does not answer to leaving it; it will notice", config_.group);
  }
  // Before version 2.3 the library aborts when a member that was assigned nothing yet is destroyed
  // (https://github.com/confluentinc/librdkafka/issues/4312). Without its owner it does nothing.
  const bool may_abort = is_member && !was_assigned_ && rd_kafka_version() < 0x02030000;
  if (has_left && !may_abort) return;
  static_cast<void>(handle_.release());
  static_cast<void>(opaque_.release());  // Its threads still look at it.
}

// Leaving revokes what is assigned, which the callback lets go of. Not by rd_kafka_consumer_close,
// which waits without end when the group is being joined at that moment.
bool RdKafkaConsumer::Leave() {
  struct QueueDeleter {
    void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  };
  const std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue(rd_kafka_queue_new(handle_.get()));
  const Error error(rd_kafka_consumer_close_queue(handle_.get(), queue.get()));
  if (error != nullptr) return false;
  const auto deadline = env_->Monotonic() + kLastWords;
  while (rd_kafka_consumer_closed(handle_.get()) == 0) {
    if (env_->Monotonic() >= deadline) return false;
    rd_kafka_queue_poll_callback(queue.get(), kLeaveWaitMs);
  }
  return true;
}

bool RdKafkaConsumer::IsMember() const {
  char* id = rd_kafka_memberid(handle_.get());
  const bool is_member = id != nullptr && *id != '\0';
  rd_kafka_mem_free(nullptr, id);
  return is_member;
}

void RdKafkaConsumer::OnRebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                  rd_kafka_topic_partition_list_t* list, void* opaque) {
  RdKafkaConsumer* self = Self(opaque);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self->was_assigned_ = true;
    self->listener_->OnAssigned(Partitions(*list));
    // The group goes on. What it has given is added by Read, where it is to be read from.
    const Status taken = self->Assign({});
    if (!taken.ok()) self->listener_->OnProblem("", taken.message());
    return;
  }
  self->listener_->OnRevoked(Partitions(*list), rd_kafka_assignment_lost(handle) != 0);
}

void RdKafkaConsumer::OnCommit(rd_kafka_t*, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t* list, void* opaque) {
  if (list == nullptr) return;
  std::vector<KafkaOffset> answers = Offsets(*list);
  for (KafkaOffset& answer : answers) answer.ok = answer.ok && code == RD_KAFKA_RESP_ERR_NO_ERROR;
  Self(opaque)->listener_->OnCommitted(answers);
}

void RdKafkaConsumer::OnError(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
  RdKafkaConsumer* self = Self(opaque);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::string original(512, '\0');
    rd_kafka_fatal_error(handle, original.data(), original.size());
    self->fatal_ = original.c_str();
    return;
  }
  // It says how many are down, and nothing of why; the reason came before it.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && self->in_trouble_) return;
  self->in_trouble_ = true;
  self->listener_->OnProblem("", self->opaque_->trust.Explain(code, reason));
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) self->RenewPassword();
}

int RdKafkaConsumer::OnCertificate(rd_kafka_t*, const char* broker, int32_t, int* error, int,
                                   const char* der, size_t size, char*, size_t, void* opaque) {
  return static_cast<Opaque*>(opaque)->trust.Judge(broker, *error, der, size) ? 1 : 0;
}

// It may have been mended in the meantime: the next try has what the file has then.
void RdKafkaConsumer::RenewPassword() {
  const auto username = config_.options.find("sasl.username");
  if (config_.password_file.empty() || username == config_.options.end()) return;
  const auto password = ReadSecretFile(env_, config_.password_file);
  if (!password.ok()) return;
  const Error error(
      rd_kafka_sasl_set_credentials(handle_.get(), username->second.c_str(), password->c_str()));
  if (error != nullptr)
    spdlog::warn("cannot use the password of Kafka: {}", rd_kafka_error_string(error.get()));
}

Result<bool> RdKafkaConsumer::Poll(milliseconds wait) {
  struct MessageDeleter {
    void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  };
  if (!fatal_.empty()) return Status::Internal("cannot go on reading Kafka: " + fatal_);
  if (in_trouble_) Probe();
  const std::unique_ptr<rd_kafka_message_t, MessageDeleter> message(
      rd_kafka_consumer_poll(handle_.get(), static_cast<int>(wait.count())));
  if (message == nullptr) return false;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    PassOn(*message);
  } else {
    PassOnError(*message);
  }
  return true;
}

void RdKafkaConsumer::Probe() {
  if (env_->Monotonic() < probe_at_) return;
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(handle_.get(), 0, nullptr, &metadata, kProbeMs);
  probe_at_ = env_->Monotonic() + kProbeInterval;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  rd_kafka_metadata_destroy(metadata);
  in_trouble_ = false;
  listener_->OnProblem("", "");
}

void RdKafkaConsumer::PassOn(const rd_kafka_message_t& message) {
  KafkaMessage passed;
  passed.topic = rd_kafka_topic_name(message.rkt);
  passed.partition = message.partition;
  passed.offset = message.offset;
  passed.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  passed.payload = {static_cast<const char*>(message.payload), message.len};
  if (message.key != nullptr) {
    passed.key = std::string_view(static_cast<const char*>(message.key), message.key_len);
  }
  rd_kafka_headers_t* headers = nullptr;
  if (!config_.fields.empty() &&
      rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      passed.headers.emplace_back(name, std::string_view(static_cast<const char*>(value), size));
    }
  }
  listener_->OnMessage(passed);
}

void RdKafkaConsumer::PassOnError(const rd_kafka_message_t& message) {
  const std::string topic = message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "";
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    listener_->OnEndOfPartition({topic, message.partition}, message.offset);
  } else if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && !topic.empty()) {
    listener_->OnOutOfRange({topic, message.partition}, message.offset);
  } else {
    if (topic.empty()) in_trouble_ = true;
    listener_->OnProblem(topic, rd_kafka_message_errstr(&message));
  }
}

// A partition is added with the offset to read from, and never sought: when librdkafka gets the
// answer to a question for an end after a seek, it asks anew, and goes on at the end.
Status RdKafkaConsumer::Read(const std::vector<KafkaOffset>& from) {
  std::vector<KafkaPartition> partitions;
  for (const KafkaOffset& at : from) partitions.push_back(at.partition);
  const List read_already = BeingRead(partitions);
  // Without anything to unassign it would be an answer to a revocation that is yet to come.
  if (read_already->cnt > 0) AVOCET_RETURN_IF_ERROR(Unassign(*read_already));
  return Assign(from);
}

Status RdKafkaConsumer::Release(const std::vector<KafkaPartition>& partitions) {
  return Unassign(*BeingRead(partitions));
}

List RdKafkaConsumer::BeingRead(const std::vector<KafkaPartition>& among) const {
  rd_kafka_topic_partition_list_t* all = nullptr;
  List found(rd_kafka_topic_partition_list_new(static_cast<int>(among.size())));
  if (rd_kafka_assignment(handle_.get(), &all) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
  const List owned(all);
  for (const KafkaPartition& partition : among) {
    const char* topic = partition.topic.c_str();
    if (rd_kafka_topic_partition_list_find(all, topic, partition.number) == nullptr) continue;
    rd_kafka_topic_partition_list_add(found.get(), topic, partition.number);
  }
  return found;
}

Status RdKafkaConsumer::Assign(const std::vector<KafkaOffset>& from) {
  const Error error(rd_kafka_incremental_assign(handle_.get(), MakeList(from).get()));
  if (error == nullptr) return Status::Ok();
  return Status::Unavailable(std::string("cannot take partitions: ") +
                             rd_kafka_error_string(error.get()));
}

Status RdKafkaConsumer::Unassign(const rd_kafka_topic_partition_list_t& partitions) {
  const Error error(rd_kafka_incremental_unassign(handle_.get(), &partitions));
  if (error == nullptr) return Status::Ok();
  return Status::Unavailable(std::string("cannot let go of partitions: ") +
                             rd_kafka_error_string(error.get()));
}

Result<std::vector<KafkaOffset>> RdKafkaConsumer::Committed(
    const std::vector<KafkaPartition>& partitions) {
  const List list = MakeList(partitions);
  const auto code = rd_kafka_committed(handle_.get(), list.get(), kAnswerMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable("read the group's offsets", code);
  return Offsets(*list);
}

Result<KafkaWatermarks> RdKafkaConsumer::Watermarks(const KafkaPartition& partition) {
  KafkaWatermarks marks;
  const auto code = rd_kafka_query_watermark_offsets(
      handle_.get(), partition.topic.c_str(), partition.number, &marks.low, &marks.high, kAnswerMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Unavailable(("find the ends of " + partition.Text()).c_str(), code);
  }
  return marks;
}

Result<int64_t> RdKafkaConsumer::OffsetOfTime(const KafkaPartition& partition, int64_t time_ms) {
  const List list = MakeList(std::vector{KafkaOffset{.partition = partition, .offset = time_ms}});
  const auto code = rd_kafka_offsets_for_times(handle_.get(), list.get(), kAnswerMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Unavailable(("find the start time in " + partition.Text()).c_str(),
                       code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : list->elems[0].err);
  }
  if (list->elems[0].offset >= 0) return list->elems[0].offset;
  AVOCET_ASSIGN_OR_RETURN(const KafkaWatermarks marks, Watermarks(partition));
  return marks.high;
}

bool RdKafkaConsumer::IsSubscribed(const std::string& topic) const {
  return std::find(config_.topics.begin(), config_.topics.end(), topic) != config_.topics.end() ||
         std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const std::regex& pattern) { return std::regex_search(topic, pattern); });
}

Result<std::vector<KafkaPartition>> RdKafkaConsumer::SubscribedPartitions() {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(handle_.get(), 1, nullptr, &metadata, kAnswerMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable("list the topics", code);
  std::vector<KafkaPartition> partitions;
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[t];
    if (!IsSubscribed(topic.topic)) continue;
    for (int p = 0; p < topic.partition_cnt; ++p) {
      partitions.push_back({topic.topic, topic.partitions[p].id});
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return partitions;
}

Status RdKafkaConsumer::Commit(const std::vector<KafkaOffset>& offsets) {
  const auto code = rd_kafka_commit(handle_.get(), MakeList(offsets).get(), 1);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::Ok();
  return Unavailable("commit the group's offsets", code);
}

KafkaWatermarks RdKafkaConsumer::KnownWatermarks(const KafkaPartition& partition) const {
  KafkaWatermarks marks;
  const auto code = rd_kafka_get_watermark_offsets(handle_.get(), partition.topic.c_str(),
                                                   partition.number, &marks.low, &marks.high);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? marks : KafkaWatermarks();
}

}  // namespace

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Open(const KafkaSourceConfig& config,
                                                           Env* env, Listener* listener) {
  AVOCET_ASSIGN_OR_RETURN(KafkaConf conf, MakeKafkaConf(config, env));
  auto consumer = std::make_unique<RdKafkaConsumer>(config, env, listener);
  AVOCET_RETURN_IF_ERROR(consumer->Start(std::move(conf)));
  return std::unique_ptr<KafkaConsumer>(std::move(consumer));
}

}  // namespace avocet
