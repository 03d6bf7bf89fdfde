#include "src/net/cloudwatch_client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/net/aws_testing.h"

namespace avocet {
namespace {

constexpr int64_t kTime = 1'780'000'000'000'000;

CloudWatchDatum Datum(std::string metric, double value) {
  return {.metric = std::move(metric),
          .dimensions = {{"Instance", "plant a"}},
          .unit = "Count",
          .value = value,
          .time_us = kTime};
}

TEST(CloudWatchClient, ADatumIsOneMemberOfTheForm) {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200, "<PutMetricDataResponse/>");
  CloudWatchClient client(transport, "");
  size_t sent = 0;
  const std::vector<CloudWatchDatum> data = {Datum("Anomalies", 2.5)};
  ASSERT_TRUE(client.PutMetricData("avocet/x", data, &sent).ok());
  EXPECT_EQ(sent, 1U);
  EXPECT_EQ(transport->requests[0].url, "https://monitoring.eu-west-1.amazonaws.com/");
  EXPECT_EQ(transport->requests[0].service, "monitoring");
  EXPECT_EQ(transport->bodies[0],
            "Action=PutMetricData&Version=2010-08-01&Namespace=avocet%2Fx"
            "&MetricData.member.1.MetricName=Anomalies"
            "&MetricData.member.1.Dimensions.member.1.Name=Instance"
            "&MetricData.member.1.Dimensions.member.1.Value=plant%20a"
            "&MetricData.member.1.Timestamp=2026-05-28T20%3A26%3A40Z"
            "&MetricData.member.1.Unit=Count&MetricData.member.1.Value=2.5");
}

TEST(CloudWatchClient, ManyDataAreSeveralCallsAndAnErrorSaysHowFarItCame) {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200, "");
  transport->Answer(200, "");
  transport->Answer(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>");
  CloudWatchClient client(transport, "http://127.0.0.1:1");
  const std::vector<CloudWatchDatum> data(2'500, Datum("m", 1));
  size_t sent = 0;
  const Status status = client.PutMetricData("n", data, &sent);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(sent, 2'000U);
  EXPECT_EQ(transport->requests[0].url, "http://127.0.0.1:1/");
  // A megabyte is reached before a thousand when names are long.
  auto other = std::make_shared<ScriptedTransport>();
  for (int i = 0; i < 3; ++i) other->Answer(200, "");
  CloudWatchClient big(other, "");
  const std::vector<CloudWatchDatum> wide(300, Datum(std::string(5'000, 'm'), 1));
  ASSERT_TRUE(big.PutMetricData("n", wide, &sent).ok());
  EXPECT_EQ(sent, 300U);
  EXPECT_EQ(other->bodies.size(), 2U);
  for (const std::string& body : other->bodies) EXPECT_LT(body.size(), 1'000'000U);
}

TEST(CloudWatchClient, AnAlarmHasItsActionsForBothDirections) {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200, "");
  CloudWatchClient client(transport, "");
  ASSERT_TRUE(client
                  .PutMetricAlarm("avocet", {.name = "a",
                                             .description = "d",
                                             .metric = "Ready",
                                             .dimensions = {{"Instance", "x"}},
                                             .statistic = "Minimum",
                                             .comparison = "LessThanThreshold",
                                             .threshold = 1,
                                             .periods = 3,
                                             .rings_without_data = true,
                                             .actions = {"arn:aws:sns:eu-west-1:1:ops"}})
                  .ok());
  const std::string& body = transport->bodies[0];
  for (const char* part : {"&TreatMissingData=breaching", "&EvaluationPeriods=3", "&Threshold=1&",
                           "&AlarmActions.member.1=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Aops",
                           "&OKActions.member.1=arn%3Aaws%3Asns", "&Dimensions.member.1.Value=x"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part << "\n" << body;
  }
}

}  // namespace
}  // namespace avocet
