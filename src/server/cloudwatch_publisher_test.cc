#include "src/server/cloudwatch_publisher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>

#include "src/net/aws_testing.h"

namespace avocet {
namespace {

Config Configured() {
  Config config;
  config.cloudwatch.metrics_namespace = "avocet";
  config.cloudwatch.interval = std::chrono::hours(1);
  AlertRuleConfig storm;
  storm.name = "storm";
  storm.type = AlertRuleType::kFleetSpike;
  config.alerts.rules = {storm};
  return config;
}

double Value(const std::vector<CloudWatchDatum>& data, const std::string& metric,
             const std::string& dimension = "avocet") {
  const auto found = std::find_if(data.begin(), data.end(), [&](const CloudWatchDatum& datum) {
    return datum.metric == metric && datum.dimensions.back().value == dimension;
  });
  return found == data.end() ? -1 : found->value;
}

TEST(CloudWatchMetrics, CountersAreWhatCameInBetween) {
  Progress before, now;
  before.totals.received = 100;
  now.totals.received = 130;
  before.totals.anomalies = 4;
  now.totals.anomalies = 9;
  now.devices = 7;
  now.lag_ms = 2'500;
  AlertCounts alerts;
  std::vector<AlertChange> changes(3);
  changes[0].state = changes[1].state = AlertState::kFiring;
  changes[0].rule = changes[1].rule = changes[2].rule = "storm";
  changes[0].severity = AlertSeverity::kCritical;
  changes[2].state = AlertState::kCleared;
  alerts.Add(changes);
  const auto data = CloudWatchData(Configured(), before, now, alerts, 1);
  EXPECT_EQ(Value(data, "ReadingsReceived"), 30);
  EXPECT_EQ(Value(data, "Anomalies"), 5);
  EXPECT_EQ(Value(data, "Devices"), 7);
  EXPECT_EQ(Value(data, "SourceLag"), 2.5);
  EXPECT_EQ(Value(data, "Ready"), 1);
  EXPECT_EQ(Value(data, "AlertsFired", "critical"), 1);
  EXPECT_EQ(Value(data, "AlertsFired", "warning"), 1);
  EXPECT_EQ(Value(data, "AlertsFired", "storm"), 2);
}

TEST(CloudWatchMetrics, AProblemOrASourceThatIsDownIsNotReady) {
  Progress now;
  now.problem = "disk full";
  EXPECT_EQ(Value(CloudWatchData(Configured(), {}, now, {}, 1), "Ready"), 0);
  now.problem.clear();
  now.sources.push_back({.name = "mqtt", .health = {}});
  now.sources[0].health.ready = false;
  EXPECT_EQ(Value(CloudWatchData(Configured(), {}, now, {}, 1), "Ready"), 0);
}

TEST(CloudWatchMetrics, EachSpikeRuleHasAnAlarm) {
  Config config = Configured();
  config.cloudwatch.interval = std::chrono::seconds(90);
  config.cloudwatch.alarm_actions = {"arn:x"};
  const auto alarms = CloudWatchAlarms(config);
  EXPECT_EQ(alarms.back().name, "avocet anomaly spike: storm");
  for (const CloudWatchAlarm& alarm : alarms) {
    EXPECT_EQ(alarm.period_seconds, 120);
    EXPECT_EQ(alarm.actions, std::vector<std::string>{"arn:x"});
  }
  config.alerts.rules.clear();
  EXPECT_EQ(CloudWatchAlarms(config).size(), alarms.size() - 1);
}

size_t Occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(CloudWatchPublisher, WhatIsNotTakenComesLater) {
  Config config = Configured();
  config.cloudwatch.interval = std::chrono::milliseconds(1);
  auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(500, "");
  transport->Answer(200, "");
  std::promise<void> asked_often;
  int asked = 0;
  const auto progress = [&] {
    if (++asked == 3) asked_often.set_value();
    return Progress();
  };
  {
    auto publisher = CloudWatchPublisher::Start(
        {.config = &config, .env = Env::Posix(), .progress = progress, .transport = transport});
    ASSERT_TRUE(publisher.ok());
    asked_often.get_future().wait();
  }
  ASSERT_GE(transport->bodies.size(), 2U);
  EXPECT_EQ(Occurrences(transport->bodies[0], "MetricName=ReadingsReceived"), 1U);
  EXPECT_EQ(Occurrences(transport->bodies[1], "MetricName=ReadingsReceived"), 2U);
}

TEST(CloudWatchPublisher, TheEndIsPublished) {
  const Config config = Configured();  // Once an hour.
  auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200, "");
  {
    auto publisher = CloudWatchPublisher::Start({.config = &config,
                                                 .env = Env::Posix(),
                                                 .progress = [] { return Progress(); },
                                                 .transport = transport});
    ASSERT_TRUE(publisher.ok());
  }
  EXPECT_EQ(transport->bodies.size(), 1U);
}

}  // namespace
}  // namespace avocet
