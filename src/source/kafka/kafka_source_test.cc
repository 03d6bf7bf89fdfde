#include "src/source/kafka/kafka_source.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/source/kafka/kafka_testing.h"
#include "src/source/peer_lakes_testing.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

// Nobody listens there. What needs a broker is tested with a real one, in test/system.
KafkaSourceConfig NoCluster() {
  KafkaSourceConfig config;
  config.brokers = {"127.0.0.1:1"};
  config.topics = {"readings"};
  return config;
}

Status Open(const KafkaSourceConfig& config) {
  FakePeerLakes peers("a");
  return MakeKafkaSource(config, "kafka", false, Env::Posix(), &peers)->Open({});
}

TEST(KafkaSource, WrongOptionsAreConfigurationErrors) {
  const auto expect = [&](std::map<std::string, std::string> options, const std::string& want) {
    KafkaSourceConfig config = NoCluster();
    config.options = std::move(options);
    const Status status = Open(config);
    EXPECT_EQ(status.code(), StatusCode::kConfig) << want;
    EXPECT_NE(status.message().find(want), std::string::npos) << status.message();
  };
  expect({{"fetch.min.bites", "1"}}, "fetch.min.bites");
  expect({{"fetch.min.bytes", "many"}}, "fetch.min.bytes");
  expect({{"enable.auto.commit", "true"}}, "exactly-once depends on it");
  expect({{"group.id", "x"}}, "use the key group");
  KafkaSourceConfig config = NoCluster();
  config.fields = {{"device_id", "header."}};
  EXPECT_EQ(Open(config).code(), StatusCode::kConfig);
  config = NoCluster();
  config.password_file = "/does/not/exist";
  EXPECT_EQ(Open(config).code(), StatusCode::kConfig);
  config = NoCluster();
  config.topics = {"^["};
  EXPECT_EQ(Open(config).code(), StatusCode::kConfig);
}

// librdkafka's own imitation of a cluster, with one topic of one partition.
class MockCluster {
 public:
  explicit MockCluster(int messages) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", nullptr, 0);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    cluster_ = rd_kafka_handle_mock_cluster(producer_);
    EXPECT_EQ(rd_kafka_mock_topic_create(cluster_, "readings", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(producer_, "readings", nullptr);
    for (int i = 0; i < messages; ++i) {
      std::string text = std::to_string(i);
      EXPECT_EQ(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, text.data(), text.size(), nullptr,
                                 0, nullptr),
                0);
    }
    rd_kafka_topic_destroy(topic);
    EXPECT_EQ(rd_kafka_flush(producer_, 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  ~MockCluster() { rd_kafka_destroy(producer_); }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  KafkaSourceConfig Config() const {
    KafkaSourceConfig config = NoCluster();
    config.brokers = {rd_kafka_mock_cluster_bootstraps(cluster_)};
    config.group = "plant";
    return config;
  }

  // Questions for the ends of a partition are answered late; before that, nothing can be fetched.
  void AnswerAboutEndsLate() {
    constexpr int16_t kFetch = 1, kListOffsets = 2;
    rd_kafka_mock_push_request_errors(cluster_, kFetch, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    constexpr int kLateMs = 300;
    rd_kafka_mock_broker_push_request_error_rtts(cluster_, 1, kListOffsets, 2,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, kLateMs,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, kLateMs);
  }

 private:
  rd_kafka_t* producer_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;  // the producer's
};

// The offsets of what a source reads that goes on at `position`, up to that of the last message.
std::vector<int64_t> ReadUpTo(int64_t last, const std::string& position,
                              const KafkaSourceConfig& config) {
  FakePeerLakes peers("a");
  const auto source = MakeKafkaSource(config, "kafka", false, Env::Posix(), &peers);
  EXPECT_TRUE(source->Open({{"kafka/readings/0", position}}).ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::vector<int64_t> offsets;
  while ((offsets.empty() || offsets.back() < last) &&
         std::chrono::steady_clock::now() < deadline) {
    std::vector<RawBatch> batches;
    EXPECT_TRUE(source->Poll({.wait = milliseconds(5)}, &batches).ok());
    for (const RawBatch& batch : batches) {
      for (const auto& record : batch.records) offsets.push_back(record.offset);
    }
  }
  return offsets;
}

TEST(KafkaSource, LateAnswerAboutTheEndDoesNotMoveIt) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "librdkafka starts its threads with thrd_create, where ThreadSanitizer crashes";
#endif
  MockCluster cluster(8);
  cluster.AnswerAboutEndsLate();
  EXPECT_EQ(ReadUpTo(7, R"({"offset":3})", cluster.Config()),
            (std::vector<int64_t>{3, 4, 5, 6, 7}));
}

TEST(KafkaSource, PositionBeyondTheEndIsReadFromTheBeginning) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "librdkafka starts its threads with thrd_create, where ThreadSanitizer crashes";
#endif
  MockCluster cluster(3);
  EXPECT_EQ(ReadUpTo(2, R"({"offset":700})", cluster.Config()), (std::vector<int64_t>{0, 1, 2}));
}

TEST(KafkaSource, CannotBeReadWithoutALake) {
  const auto source = MakeKafkaSource(NoCluster(), "kafka", true, Env::Posix(), nullptr);
  EXPECT_EQ(source->Open({}).code(), StatusCode::kUnsupported);
}

TEST(KafkaSource, ClusterThatIsAwayIsAProblemAndNotAnError) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "librdkafka starts its threads with thrd_create, where ThreadSanitizer crashes";
#endif
  FakePeerLakes peers("a");
  const auto source = MakeKafkaSource(NoCluster(), "kafka", false, Env::Posix(), &peers);
  ASSERT_TRUE(source->Open({}).ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (source->Health().problem.empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::vector<RawBatch> batches;
    ASSERT_TRUE(source->Poll({.wait = milliseconds(5)}, &batches).ok());
  }
  EXPECT_FALSE(source->Health().ready);
  EXPECT_NE(source->Health().problem.find("127.0.0.1:1"), std::string::npos)
      << source->Health().problem;
}

}  // namespace
}  // namespace avocet
