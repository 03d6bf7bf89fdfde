#include "src/net/stream_writer.h"

#include <gtest/gtest.h>

#include "src/net/aws_testing.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kSoon = std::chrono::seconds(1);

std::string Verdicts(const std::string& codes) {
  std::string json = "{\"FailedRecordCount\":0,\"Records\":[";
  for (const char code : codes) {
    if (json.back() == '}') json += ",";
    json += code == '.' ? R"({"SequenceNumber":"1","ShardId":"s"})"
                        : R"({"ErrorCode":"ProvisionedThroughputExceededException"})";
  }
  return json + "]}";
}

struct Fixture {
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  StreamWriter sink{transport, {.stream = "s"}, Env::Posix()};
  std::vector<size_t> unsent = {99};

  Status Put(const std::vector<OutgoingRecord>& records, nanoseconds time = kSoon) {
    return sink.Put(records, Env::Posix()->Monotonic() + time, &unsent);
  }
};

TEST(StreamWriter, OnlyWhatWasNotTakenIsPutAgain) {
  Fixture f;
  f.transport->Answer(200, Verdicts(".x.x"));
  f.transport->Answer(500, "");
  f.transport->Answer(200, Verdicts("x."));
  f.transport->Answer(200, Verdicts("."));
  EXPECT_TRUE(f.Put({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}).ok());
  EXPECT_TRUE(f.unsent.empty());
  ASSERT_EQ(f.transport->bodies.size(), 4u);
  EXPECT_EQ(f.transport->bodies[0],
            R"({"StreamName":"s","Records":[{"Data":"MQ==","PartitionKey":"a"},)"
            R"({"Data":"Mg==","PartitionKey":"b"},{"Data":"Mw==","PartitionKey":"c"},)"
            R"({"Data":"NA==","PartitionKey":"d"}]})");
  EXPECT_EQ(f.transport->bodies[3],
            R"({"StreamName":"s","Records":[{"Data":"Mg==","PartitionKey":"b"}]})");
}

TEST(StreamWriter, GivesUpAtTheDeadline) {
  Fixture f;
  for (int i = 0; i < 5; ++i) f.transport->Answer(200, Verdicts(i == 0 ? ".x" : "x"));
  const Status status = f.Put({{"a", "1"}, {"b", "2"}}, std::chrono::milliseconds(10));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("cannot put 1 records into s"), std::string::npos);
  EXPECT_EQ(f.unsent, std::vector<size_t>{1});
}

TEST(StreamWriter, DoesNotRepeatWhatIsNotAllowed) {
  Fixture f;
  f.transport->Answer(400, R"({"__type":"AccessDeniedException","message":"no"})");
  EXPECT_EQ(f.Put({{"a", "1"}}).code(), StatusCode::kPermission);
  EXPECT_EQ(f.transport->requests.size(), 1u);
}

TEST(StreamWriter, RequestsStayWithinTheLimits) {
  Fixture f;
  std::vector<OutgoingRecord> records(1200, {"k", "v"});
  f.transport->Answer(200, Verdicts(std::string(500, '.')));
  f.transport->Answer(200, Verdicts(std::string(500, '.')));
  f.transport->Answer(200, Verdicts(std::string(200, '.')));
  EXPECT_TRUE(f.Put(records).ok());
  records.assign(12, {"k", std::string(900'000, 'x')});
  f.transport->Answer(200, Verdicts("....."));
  f.transport->Answer(200, Verdicts("....."));
  f.transport->Answer(200, Verdicts(".."));
  EXPECT_TRUE(f.Put(records).ok());
  EXPECT_EQ(f.transport->requests.size(), 6u);
}

TEST(StreamWriter, FirehoseGetsLines) {
  const auto transport = std::make_shared<ScriptedTransport>();
  StreamWriter sink(transport, {.delivery = "d"}, Env::Posix());
  transport->Answer(200, R"({"FailedPutCount":0,"RequestResponses":[{"RecordId":"r"}]})");
  std::vector<size_t> unsent;
  EXPECT_TRUE(sink.Put({{"a", "{}"}}, Env::Posix()->Monotonic(), &unsent).ok());
  EXPECT_EQ(transport->requests[0].headers.at("x-amz-target"), "Firehose_20150804.PutRecordBatch");
  EXPECT_EQ(transport->bodies[0], R"({"DeliveryStreamName":"d","Records":[{"Data":"e30K"}]})");
}

}  // namespace
}  // namespace avocet
