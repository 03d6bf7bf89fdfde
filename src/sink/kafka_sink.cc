#include "src/sink/kafka_sink.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "src/sink/device_key.h"
#include "src/sink/patience.h"
#include "src/source/kafka/kafka_options.h"

namespace avocet {
namespace {

constexpr int kPollMs = 50;

struct ProducerDeleter {
  void operator()(rd_kafka_t* producer) const { rd_kafka_destroy(producer); }
};

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

class KafkaSink : public Sink {
 public:
  KafkaSink(std::string topic, const std::string& device_field, std::chrono::nanoseconds patience,
            Env* env)
      : topic_(std::move(topic)), key_(device_field), patience_(patience, env) {}

  ~KafkaSink() override {
    if (producer_ != nullptr) rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE);
  }

  Status Start(KafkaConf conf) {
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), OnReport);
    rd_kafka_conf_set_error_cb(conf.get(), OnError);
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    std::array<char, 512> reason{};
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason.data(), reason.size()));
    if (producer_ == nullptr)
      return Status::Config(std::string("cannot use Kafka: ") + reason.data());
    static_cast<void>(conf.release());  // the producer has it
    handle_.reset(rd_kafka_topic_new(producer_.get(), topic_.c_str(), nullptr));
    return handle_ == nullptr ? Failed(rd_kafka_err2str(rd_kafka_last_error())) : Status::Ok();
  }

  Status Send(std::string_view line) override {
    const std::string key = key_.Of(line);
    line = WithoutLineEnd(line);
    while (true) {
      // It copies the value, whose type in C does not say so.
      const int failed = rd_kafka_produce(handle_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                          const_cast<char*>(line.data()), line.size(), key.data(),
                                          key.size(), nullptr);
      if (failed == 0) break;
      const rd_kafka_resp_err_t error = rd_kafka_last_error();
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return Failed(rd_kafka_err2str(error));
      AVOCET_RETURN_IF_ERROR(Poll(kPollMs));
    }
    ++counts_.sent;
    return Poll(0);
  }

  // librdkafka sends by itself, within milliseconds.
  Status Flush() override { return Poll(0); }

  Status Close() override {
    while (rd_kafka_outq_len(producer_.get()) > 0) AVOCET_RETURN_IF_ERROR(Poll(kPollMs));
    return failure_;
  }

  SinkCounts counts() const override { return counts_; }

 private:
  Status Failed(const std::string& why) const {
    return Status::Unavailable("cannot send to the topic " + topic_ + ": " + why);
  }

  // Takes delivery reports.
  Status Poll(int wait_ms) {
    rd_kafka_poll(producer_.get(), wait_ms);
    AVOCET_RETURN_IF_ERROR(failure_);
    if (counts_.acknowledged == counts_.sent) patience_.Renew();
    if (patience_.IsOver()) return Failed(problem_.empty() ? "no answer" : problem_);
    return Status::Ok();
  }

  static void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* self = static_cast<KafkaSink*>(opaque);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++self->counts_.acknowledged;
      self->patience_.Renew();
    } else if (self->failure_.ok() && message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE) {
      self->failure_ = self->Failed(rd_kafka_message_errstr(message));
    }
  }

  static void OnError(rd_kafka_t*, int, const char* reason, void* opaque) {
    static_cast<KafkaSink*>(opaque)->problem_ = reason;
  }

  const std::string topic_;
  const DeviceKey key_;
  Patience patience_;
  SinkCounts counts_;
  Status failure_;
  std::string problem_;  // what librdkafka said last
  std::unique_ptr<rd_kafka_t, ProducerDeleter> producer_;
  std::unique_ptr<rd_kafka_topic_t, TopicDeleter> handle_;
};

}  // namespace

Result<std::unique_ptr<Sink>> MakeKafkaSink(const std::string& place,
                                            const std::string& device_field, SinkSettings settings,
                                            Env* env) {
  const size_t slash = place.find('/');
  const std::string brokers = place.substr(0, slash);
  std::string topic = slash == std::string::npos ? "" : place.substr(slash + 1);
  if (brokers.empty() || topic.empty()) {
    return Status::Usage("--to kafka://" + place + ": write it as kafka://host:9092/topic");
  }
  const auto patience = settings.Time("patience", std::chrono::minutes(1));
  const std::string password = settings.Secret("password_file", env);
  const auto options = settings.Rest();
  AVOCET_RETURN_IF_ERROR(settings.Finish("kafka"));
  KafkaConf conf(rd_kafka_conf_new());
  const auto set = [&](const std::string& name, const std::string& value) {
    return SetKafkaOption(conf.get(), name, value);
  };
  // As the clients in Java choose partitions.
  AVOCET_RETURN_IF_ERROR(set("partitioner", "murmur2_random"));
  AVOCET_RETURN_IF_ERROR(set("client.id", "avocet"));
  AVOCET_RETURN_IF_ERROR(set("enable.idempotence", "true"));
  for (const auto& [name, value] : options) AVOCET_RETURN_IF_ERROR(set(name, value));
  AVOCET_RETURN_IF_ERROR(set("bootstrap.servers", brokers));
  if (!password.empty()) AVOCET_RETURN_IF_ERROR(set("sasl.password", password));
  auto sink = std::make_unique<KafkaSink>(std::move(topic), device_field, patience, env);
  AVOCET_RETURN_IF_ERROR(sink->Start(std::move(conf)));
  return std::unique_ptr<Sink>(std::move(sink));
}

}  // namespace avocet
