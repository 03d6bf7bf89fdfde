#include "src/source/push/mqtt_records.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace avocet {
namespace {

constexpr int64_t kReceivedUs = 1'700'000'000'123'456;

MqttMessage Message(std::string_view topic, std::string_view payload) {
  return {.topic = topic, .payload = payload, .payload_bytes = payload.size(), .qos = 1};
}

std::string Record(const MqttSourceConfig& config, const MqttMessage& message) {
  auto records = MqttRecords::Make(config, 1000);
  EXPECT_TRUE(records.ok()) << records.status().message();
  const MqttRecords::Entry entry = records->Convert(message, kReceivedUs);
  EXPECT_EQ(entry.label.partition, message.topic);
  EXPECT_EQ(entry.label.refusal_code, "");
  return entry.records.size() == 1 ? entry.records[0] : "";
}

TEST(MqttRecords, LevelsOfTheTopicBecomeMembers) {
  MqttSourceConfig config;
  config.topics = {"plant/{site}/{device_id}/telemetry", "$share/all/lab/+/{device_id}/#"};
  EXPECT_EQ(Record(config, Message("plant/north/pump \"7\"/telemetry", R"({"t":1})")),
            R"({"site":"north","device_id":"pump \"7\"","t":1})");
  EXPECT_EQ(Record(config, Message("lab/x/scale/raw/a", "21.5")),
            R"({"device_id":"scale","value":21.5})");
  EXPECT_EQ(Record(config, Message("else", "{}")), "{}");
}

TEST(MqttRecords, TopicCanNameTheMetric) {
  MqttSourceConfig config;
  config.topics = {"home/{device_id}/{metric}"};
  config.value_name = "{metric}";
  config.fields = {{"timestamp", "received_at"}, {"kept", "retained"}, {"q", "qos"}};
  EXPECT_EQ(Record(config, Message("home/attic/temperature", "-3.5")),
            R"({"device_id":"attic","kept":false,"q":1,"timestamp":1700000000123,)"
            R"("temperature":-3.5})");
}

TEST(MqttRecords, WhatCannotBeARecordIsRefusedAndKept) {
  MqttSourceConfig config;
  config.topics = {"#"};
  auto records = MqttRecords::Make(config, 10);
  ASSERT_TRUE(records.ok());
  const std::string payload(20, 'x');
  const auto entry = records->Convert(Message("a", payload), kReceivedUs);
  EXPECT_EQ(entry.label.refusal_code, "record_too_long");
  EXPECT_EQ(entry.records, std::vector<std::string>{payload});
  EXPECT_TRUE(records->Convert(Message("a", ""), kReceivedUs).records.empty());
}

TEST(MqttRecords, SparkplugAsksForBirthsAndKeepsWhatItDoesNotKnow) {
  MqttSourceConfig config;
  config.topics = {"spBv1.0/#"};
  config.payload = "sparkplug";
  auto records = MqttRecords::Make(config, 1000);
  ASSERT_TRUE(records.ok());
  // One metric with alias 5 and the value 7: nobody has said what it is called.
  std::string data;
  data += "\x12\x04\x10\x05\x50\x07";
  auto entry = records->Convert(Message("spBv1.0/g/NDATA/n", data), kReceivedUs);
  EXPECT_EQ(entry.birth_wanted_of, "g/n");
  EXPECT_EQ(entry.label.refusal_code, "unknown_sparkplug_metric");
  EXPECT_EQ(entry.records, std::vector<std::string>{data});
  entry = records->Convert(Message("spBv1.0/g/NDATA/n", "\xff"), kReceivedUs);
  EXPECT_EQ(entry.label.refusal_code, "invalid_sparkplug");
  // The birth tells that 5 is "t"; from then on it is known.
  const std::string birth = std::string("\x12\x07\x0a\x01t\x10\x05\x50\x07", 9);
  entry = records->Convert(Message("spBv1.0/g/NBIRTH/n", birth), kReceivedUs);
  EXPECT_EQ(entry.records, std::vector<std::string>{R"({"device_id":"g/n","t":7})"});
  entry = records->Convert(Message("spBv1.0/g/NDATA/n", data), kReceivedUs);
  EXPECT_EQ(entry.records, std::vector<std::string>{R"({"device_id":"g/n","t":7})"});
  EXPECT_EQ(entry.birth_wanted_of, "");
  // What a request for a birth says can be read as Sparkplug.
  const std::string rebirth = EncodeSparkplugRebirth(1'700'000'000'000);
  EXPECT_TRUE(records->Convert(Message("spBv1.0/g/NDATA/n", rebirth), kReceivedUs).records.empty());
}

TEST(MqttRecords, TopicsAndFieldsAreChecked) {
  const auto code = [](const std::string& topic, const std::string& part) {
    MqttSourceConfig config;
    config.topics = {topic};
    config.fields = {{"x", part}};
    return MqttRecords::Make(config, 1000).status().code();
  };
  EXPECT_EQ(code("a/{b}/+/#", "topic"), StatusCode::kOk);
  EXPECT_EQ(code("$share/g/a/{b}", "qos"), StatusCode::kOk);
  for (const char* topic : {"", "a+/b", "#/a", "a/{}", "a/{b", "a/b#", "a/{b}c"}) {
    EXPECT_EQ(code(topic, "topic"), StatusCode::kConfig) << topic;
  }
  EXPECT_EQ(code("a", "key"), StatusCode::kConfig);
}

}  // namespace
}  // namespace avocet
