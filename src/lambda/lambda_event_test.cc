#include "src/lambda/lambda_event.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

// Kind, then "id|bucket|key|body" of each item.
std::string Shown(std::string_view json) {
  const auto event = ParseLambdaEvent(json);
  if (!event.ok()) return event.status().message();
  std::string text = std::to_string(static_cast<int>(event->kind));
  for (const auto& item : event->items) {
    text += " " + item.id + "|" + item.bucket + "|" + item.key + "|" + item.body;
  }
  return text;
}

TEST(LambdaEvent, ReadingsByThemselves) {
  EXPECT_EQ(Shown(R"({"device_id":"a"})"), R"(3 |||{"device_id":"a"})");
  EXPECT_EQ(Shown(R"([{"a":1},{"a":2}])"), R"(3 |||[{"a":1},{"a":2}])");
}

TEST(LambdaEvent, HttpRequests) {
  EXPECT_EQ(
      Shown(R"({"version":"2.0","requestContext":{"http":{}},"body":"x","isBase64Encoded":false})"),
      "0 |||x");
  EXPECT_EQ(Shown(R"({"httpMethod":"POST","body":"eyJhIjoxfQ==","isBase64Encoded":true})"),
            R"(0 |||{"a":1})");
  EXPECT_EQ(Shown(R"({"requestContext":{},"body":null})"), "0 |||");
  EXPECT_EQ(Shown(R"({"requestContext":{},"body":"?","isBase64Encoded":true})"),
            "the body of the request is not base64");
}

TEST(LambdaEvent, ObjectsThatWereCreated) {
  EXPECT_EQ(Shown(R"({"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put",
      "s3":{"bucket":{"name":"b"},"object":{"key":"in/a+b%3D1.csv","size":3}}}]})"),
            "2 |b|in/a b=1.csv|");
}

TEST(LambdaEvent, MessagesOfAQueue) {
  EXPECT_EQ(Shown(R"({"Records":[{"eventSource":"aws:sqs","messageId":"m1","body":"{\"a\":1}"},
      {"eventSource":"aws:sqs","messageId":"m2","body":"x,y"}]})"),
            R"(1 m1|||{"a":1} m2|||x,y)");
  // A notification of S3 that came by way of the queue.
  EXPECT_EQ(Shown(R"({"Records":[{"eventSource":"aws:sqs","messageId":"m","body":
      "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}"}]})"),
            "1 m|b|k|");
}

TEST(LambdaEvent, TheTimeIsTheSameWhenTheEventComesAgain) {
  const auto time = [](std::string_view json) { return ParseLambdaEvent(json)->items[0].time; };
  EXPECT_EQ(time(R"({"Records":[{"eventSource":"aws:sqs","messageId":"m","body":"x",
      "attributes":{"SentTimestamp":"1623781706123"}}]})"),
            "2021-06-15T18:28:26.123Z");
  EXPECT_EQ(time(R"({"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put",
      "eventTime":"2021-06-15T18:28:26.123Z","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]})"),
            "2021-06-15T18:28:26.123Z");
  EXPECT_EQ(time(R"({"requestContext":{"timeEpoch":1623781706123},"body":"x"})"),
            "2021-06-15T18:28:26.123Z");
  EXPECT_EQ(time(R"({"device_id":"a"})"), "");
}

TEST(LambdaEvent, OthersAreRefused) {
  EXPECT_EQ(Shown("nonsense"), "the event is not JSON");
  EXPECT_NE(Shown(R"({"Records":[{"eventSource":"aws:kinesis"}]})").find("aws:kinesis"),
            std::string::npos);
  EXPECT_NE(Shown(R"({"Records":[{"eventSource":"aws:sqs","body":"x"}]})").find("identifier"),
            std::string::npos);
}

}  // namespace
}  // namespace avocet
