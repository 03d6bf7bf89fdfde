#include "src/net/aws_service.h"

#include <gtest/gtest.h>

#include "src/net/aws_testing.h"

namespace avocet {
namespace {

Status StatusOf(int status, const std::string& body) { return StatusOfAnswer({status, {}, body}); }

TEST(AwsTransport, ABuildWithoutAwsSaysHowToGetIt) {
  if (HasAws()) GTEST_SKIP() << "this build has it";
  const auto transport = AwsTransport::Open({}, Env::Posix());
  EXPECT_EQ(transport.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(transport.status().message().find("make aws"), std::string::npos);
}

TEST(AwsService, EndpointsFollowThePartition) {
  EXPECT_EQ(AwsEndpoint("kinesis", "eu-west-1"), "https://kinesis.eu-west-1.amazonaws.com");
  EXPECT_EQ(AwsEndpoint("kinesis", "us-gov-west-1"), "https://kinesis.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(AwsEndpoint("s3", "cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn");
}

TEST(AwsService, TheNameOfAnErrorSaysWhatToDo) {
  EXPECT_TRUE(StatusOf(200, "{}").ok());
  const Status throttled =
      StatusOf(400, R"({"__type":"ProvisionedThroughputExceededException","message":"slow"})");
  EXPECT_EQ(throttled.code(), StatusCode::kUnavailable);
  EXPECT_EQ(throttled.message(), "ProvisionedThroughputExceededException: slow");
  EXPECT_EQ(StatusOf(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist"})").code(),
            StatusCode::kNotFound);
  EXPECT_EQ(StatusOf(400, R"({"__type":"ExpiredIteratorException"})").code(),
            StatusCode::kConflict);
  EXPECT_EQ(StatusOf(400, R"({"__type":"InvalidArgumentException","Message":"no"})").message(),
            "InvalidArgumentException: no");
  EXPECT_EQ(StatusOf(400, R"({"__type":"ExpiredTokenException"})").code(), StatusCode::kPermission);
}

TEST(AwsService, WithoutANameTheHttpStatusDoes) {
  EXPECT_EQ(StatusOf(500, "").code(), StatusCode::kUnavailable);
  EXPECT_EQ(StatusOf(500, "").message(), "HTTP 500");
  EXPECT_EQ(StatusOf(302, "<html>").code(), StatusCode::kUnavailable);
  EXPECT_EQ(StatusOf(403, "garbage").code(), StatusCode::kPermission);
  EXPECT_EQ(StatusOf(400, "garbage").code(), StatusCode::kInvalid);
  EXPECT_EQ(StatusOf(429, "").code(), StatusCode::kUnavailable);
}

TEST(AwsService, ErrorsOfS3AreXml) {
  const Status status =
      StatusOf(404,
               "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>&lt;gone&gt;</Message>"
               "</Error>");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "NoSuchKey: <gone>");
  EXPECT_EQ(StatusOf(412, "<Error><Code>PreconditionFailed</Code></Error>").code(),
            StatusCode::kConflict);
}

TEST(AwsService, CallsNameTheirAction) {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200, "{\"a\":1}");
  const AwsJsonService service(transport, {"kinesis", "Kinesis_20131202", "1.1"}, "");
  const auto answer = service.Call("ListShards", "{\"StreamName\":\"s\"}");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(*answer, "{\"a\":1}");
  const AwsRequest& request = transport->requests.at(0);
  EXPECT_EQ(request.url, "https://kinesis.eu-west-1.amazonaws.com/");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.headers.at("x-amz-target"), "Kinesis_20131202.ListShards");
  EXPECT_EQ(request.headers.at("content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(transport->bodies.at(0), "{\"StreamName\":\"s\"}");
  EXPECT_EQ(service.Call("ListShards", "{}").status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace avocet
