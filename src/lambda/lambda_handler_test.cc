#include "src/lambda/lambda_handler.h"

#include <gtest/gtest.h>

#include "src/base/base64.h"
#include "src/base/json_writer.h"
#include "src/net/aws_testing.h"

namespace avocet {
namespace {

constexpr char kTaken[] = R"({"FailedRecordCount":0,"Records":[{"SequenceNumber":"1"}]})";
constexpr char kReading[] = R"({"device_id":"a","timestamp":"2026-01-31T12:00:00Z","v":1})";

struct Fixture {
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  std::unique_ptr<LambdaHandler> handler;

  explicit Fixture(const std::string& dead_letters = "", const std::string& stamp = "") {
    LambdaOptions options;
    options.sink.stream = "s";
    options.dead_letters = dead_letters;
    options.stamp_field = stamp;
    handler = LambdaHandler::Make(std::move(options), transport, Env::Posix()).value();
  }
  std::string Handle(const std::string& event) {
    const auto deadline = Env::Posix()->Monotonic() + std::chrono::milliseconds(50);
    const auto answer = handler->Handle(event, "request-1", deadline);
    return answer.ok() ? *answer : "failed: " + answer.status().message();
  }
  // The data of the first record of a request.
  std::string Sent(size_t request) const {
    const std::string& body = transport->bodies.at(request);
    const size_t begin = body.find("\"Data\":\"") + 8;
    std::string data;
    EXPECT_TRUE(AppendFromBase64(body.substr(begin, body.find('"', begin) - begin), &data));
    return data;
  }
};

std::string Quoted(const std::string& text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

TEST(LambdaHandler, AReadingGoesToItsDevice) {
  Fixture f;
  f.transport->Answer(200, kTaken);
  EXPECT_EQ(f.Handle(kReading), R"({"accepted":1,"num_rejected":0,"rejected":[]})");
  EXPECT_EQ(f.Sent(0), kReading);
  EXPECT_NE(f.transport->bodies[0].find("\"PartitionKey\":\"a\""), std::string::npos);
}

TEST(LambdaHandler, ReadingsAreStamped) {
  Fixture f("", "ingested_at");
  f.transport->Answer(200, kTaken);
  f.Handle(kReading);
  const std::string sent = f.Sent(0);
  EXPECT_TRUE(sent.starts_with(
      R"({"device_id":"a","timestamp":"2026-01-31T12:00:00Z","v":1,"ingested_at":"2)"));
  EXPECT_EQ(WithMember("{}", "k", "v"), R"({"k":"v"})");
  EXPECT_EQ(WithMember("{\"a\":{}}", "k", "v"), R"({"a":{},"k":"v"})");
}

TEST(LambdaHandler, CsvOfAnObjectBecomesReadings) {
  Fixture f;
  f.transport->Answer(206, "device_id,timestamp,v\na,2026-01-31T12:00:00Z,1\n",
                      {{"content-range", "bytes 0-45/46"}});
  f.transport->Answer(200, kTaken);
  EXPECT_EQ(f.Handle(R"({"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put",
      "s3":{"bucket":{"name":"b"},"object":{"key":"in.csv"}}}]})"),
            R"({"accepted":1,"num_rejected":0,"rejected":[]})");
  EXPECT_EQ(f.Sent(1), kReading);
}

TEST(LambdaHandler, AnHttpRequestIsToldWhatBecameOfIt) {
  Fixture f;
  const std::string body = std::string(kReading) + "\n{\"timestamp\":1}\n";
  f.transport->Answer(200, kTaken);
  std::string answer = f.Handle("{\"requestContext\":{},\"body\":" + Quoted(body) + "}");
  EXPECT_NE(answer.find("\"statusCode\":200"), std::string::npos) << answer;
  EXPECT_NE(answer.find("missing_device"), std::string::npos) << answer;
  answer = f.Handle("{\"requestContext\":{},\"body\":\"nonsense\"}");
  EXPECT_NE(answer.find("\"statusCode\":400"), std::string::npos) << answer;
  f.transport->Answer(400, R"({"__type":"AccessDeniedException"})");
  answer = f.Handle("{\"requestContext\":{},\"body\":" + Quoted(kReading) + "}");
  EXPECT_NE(answer.find("\"statusCode\":503"), std::string::npos) << answer;
}

TEST(LambdaHandler, OnlyMessagesThatFailedComeAgain) {
  const std::string message = R"({"eventSource":"aws:sqs","messageId":")";
  const std::string event = "{\"Records\":[" + message + "m1\",\"body\":" + Quoted(kReading) +
                            "}," + message + "m2\",\"body\":" + Quoted(kReading) + "}," + message +
                            "m3\",\"body\":\"nonsense\"}]}";
  Fixture without;
  without.transport->Answer(200, kTaken);
  without.transport->Answer(400, R"({"__type":"AccessDeniedException"})");
  EXPECT_EQ(without.Handle(event),
            R"({"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m3"}]})");
  // With dead letters, what can never be right is kept there instead.
  Fixture with("s3://letters/bad");
  with.transport->Answer(200, kTaken);
  with.transport->Answer(200, kTaken);
  with.transport->Answer(200, "");
  EXPECT_EQ(with.Handle(event), R"({"batchItemFailures":[]})");
  const AwsRequest& put = with.transport->requests.at(2);
  EXPECT_EQ(put.method, "PUT");
  EXPECT_TRUE(put.url.starts_with("https://letters.s3.eu-west-1.amazonaws.com/bad/2")) << put.url;
  EXPECT_TRUE(put.url.ends_with("/m3-2.ndjson")) << put.url;
  EXPECT_NE(with.transport->bodies[2].find("\"payload\":\"nonsense\""), std::string::npos);
}

TEST(LambdaHandler, AnEventThatCannotBeDoneFails) {
  Fixture f;
  EXPECT_TRUE(f.Handle("nonsense").starts_with("failed: the event is not JSON"));
  EXPECT_TRUE(f.Handle(kReading).starts_with("failed: cannot put 1 records into s"));
  Fixture letters("s3://letters");
  letters.transport->Answer(403, "<Error><Code>AccessDenied</Code></Error>");
  EXPECT_TRUE(letters.Handle("{\"v\":1}").starts_with("failed: cannot write the dead letters"));
}

}  // namespace
}  // namespace avocet
