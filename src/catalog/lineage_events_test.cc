#include "src/catalog/lineage_events.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace avocet {
namespace {

using simdjson::dom::element;

constexpr int64_t kNowUs = 1'623'801'600'000'000;

Config PlantConfig() {
  Config config;
  config.storage.lake = "s3://plant/lake/";
  config.schema.metrics.push_back({.name = "temperature", .unit = "degC"});
  KafkaSourceConfig kafka;
  kafka.brokers = {"broker:9092", "other:9092"};
  kafka.topics = {"readings", "more"};
  config.sources.push_back({.name = "kafka", .options = kafka});
  return config;
}

class LineageEventsTest : public testing::Test {
 protected:
  element Parse(const std::string& event) { return parser_.parse(event).value(); }

  simdjson::dom::parser parser_;
  const Config config_ = PlantConfig();
  const LineageEvents events_{config_, MakeRunId(kNowUs, 5, 6), "1.2.3"};
};

TEST_F(LineageEventsTest, ARunBeginsWithItsSourcesAndTables) {
  const element event = Parse(events_.Started(kNowUs));
  EXPECT_EQ(event["eventType"].get_string().value(), "START");
  EXPECT_EQ(event["eventTime"].get_string().value(), "2021-06-16T00:00:00Z");
  EXPECT_EQ(event["job"]["name"].get_string().value(), "iot_catalog");
  EXPECT_EQ(event["job"]["facets"]["jobType"]["processingType"].get_string().value(), "STREAMING");
  const auto inputs = event["inputs"].get_array().value();
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_EQ(inputs.at(1)["namespace"].get_string().value(), "kafka://broker:9092");
  EXPECT_EQ(inputs.at(1)["name"].get_string().value(), "more");
  const auto outputs = event["outputs"].get_array().value();
  ASSERT_EQ(outputs.size(), kNumTables);
  const element silver = outputs.at(kSilver).value();
  EXPECT_EQ(silver["namespace"].get_string().value(), "s3://plant");
  EXPECT_EQ(silver["name"].get_string().value(), "lake/iot_catalog/processed/valid_readings");
  const element field = silver["facets"]["schema"]["fields"].at(2).value();
  EXPECT_EQ(field["name"].get_string().value(), "temperature");
  EXPECT_EQ(field["type"].get_string().value(), "double");
}

TEST_F(LineageEventsTest, ACommitHasTheVersionsAndRowsOfWhatItMade) {
  EpochCommit commit{.epoch = 7, .operation = "STREAMING UPDATE", .tables = {}};
  commit.tables[kBronze] = {.version = 41, .rows = 1000};
  commit.tables[kAlerts] = {.version = -1, .rows = 0};
  const element event = Parse(events_.Committed(commit, kNowUs));
  EXPECT_EQ(event["eventType"].get_string().value(), "RUNNING");
  const auto outputs = event["outputs"].get_array().value();
  ASSERT_EQ(outputs.size(), 1U);
  const element bronze = outputs.at(0).value();
  EXPECT_EQ(bronze["facets"]["version"]["datasetVersion"].get_string().value(), "41");
  EXPECT_EQ(bronze["outputFacets"]["outputStatistics"]["rowCount"].get_int64().value(), 1000);
}

TEST_F(LineageEventsTest, TheEndSaysHowItWas) {
  EXPECT_EQ(Parse(events_.Ended(Status::Ok(), kNowUs))["eventType"].get_string().value(),
            "COMPLETE");
  const element failed = Parse(events_.Ended(Status::Io("no disk"), kNowUs));
  EXPECT_EQ(failed["eventType"].get_string().value(), "FAIL");
  EXPECT_EQ(failed["run"]["facets"]["errorMessage"]["message"].get_string().value(), "no disk");
}

TEST(LineageRunId, IsAUuidOfVersionSeven) {
  EXPECT_EQ(MakeRunId(kNowUs, ~uint64_t{0}, ~uint64_t{0}), "017a121e-1800-7fff-bfff-ffffffffffff");
  EXPECT_EQ(MakeRunId(kNowUs, 0, 0).substr(13), "-7000-8000-000000000000");
}

}  // namespace
}  // namespace avocet
