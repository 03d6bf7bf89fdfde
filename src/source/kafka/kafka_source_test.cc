#include "src/source/kafka/kafka_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

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
