#include "src/detect/stuck.h"

#include <gtest/gtest.h>

#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::kSecond;
using testing::MakeDetector;
using testing::Series;
using testing::TestReading;

std::vector<uint32_t> FlaggedRows(const std::map<std::string, double>& overrides,
                                  std::span<const TestReading> readings) {
  std::vector<uint32_t> rows;
  for (const Anomaly& anomaly : Detect(MakeDetector(StuckType(), overrides).get(), readings)) {
    rows.push_back(anomaly.row);
  }
  return rows;
}

TEST(StuckTest, FlagsOnceAtTheOnset) {
  std::vector<double> values = {1, 2, 3};
  values.insert(values.end(), 200, 4);  // from row 3 on; 10 minutes are 60 readings later
  values.push_back(5);
  values.insert(values.end(), 100, 4);
  EXPECT_EQ(FlaggedRows({}, Series(values)), (std::vector<uint32_t>{63, 264}));
}

TEST(StuckTest, NeedsEnoughReadings) {
  const std::vector<double> values(12, 4);
  EXPECT_EQ(FlaggedRows({}, Series(values, 3600)), (std::vector<uint32_t>{9}));
  EXPECT_EQ(FlaggedRows({{"min_samples", 3}}, Series(values, 3600)), (std::vector<uint32_t>{2}));
  EXPECT_TRUE(FlaggedRows({{"min_samples", 13}}, Series(values, 3600)).empty());
}

TEST(StuckTest, NullsAndLateReadingsNeitherContinueNorEndARun) {
  std::vector<TestReading> readings = Series(std::vector<double>(61, 4));
  readings[30].values[0] = kNullValue;
  readings[40].values[0] = 99;
  readings[40].time_us = 5 * kSecond;
  EXPECT_EQ(FlaggedRows({}, readings), (std::vector<uint32_t>{60}));
}

TEST(StuckTest, ToleranceIsMeasuredFromTheFirstReadingOfTheRun) {
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) values.push_back(i % 2 == 0 ? 4.0 : 4.1);
  EXPECT_TRUE(FlaggedRows({}, Series(values)).empty());
  EXPECT_EQ(FlaggedRows({{"tolerance", 0.11}}, Series(values)), (std::vector<uint32_t>{60}));
  for (int i = 0; i < 300; ++i) values[static_cast<size_t>(i)] = 0.01 * i;  // a slow rise
  EXPECT_TRUE(FlaggedRows({{"tolerance", 0.11}}, Series(values)).empty());
}

TEST(StuckTest, MatchesReference) {
  std::mt19937_64 random(3);
  std::vector<TestReading> readings;
  int64_t time_us = 0;
  for (int i = 0; i < 5000; ++i) {
    time_us += static_cast<int64_t>(random() % 20) * kSecond;
    const double same = readings.empty() ? 0 : readings.back().values[0];
    readings.push_back({0, time_us, {random() % 12 == 0 ? static_cast<double>(i) : same}});
  }
  std::vector<uint32_t> want;
  for (size_t first = 0, i = 0; i < readings.size(); ++i) {
    if (readings[i].values[0] != readings[first].values[0]) first = i;
    const auto due = [&](size_t row) {
      return row - first + 1 >= 5 &&
             readings[row].time_us - readings[first].time_us >= 60 * kSecond;
    };
    if (due(i) && (i == first || !due(i - 1))) want.push_back(static_cast<uint32_t>(i));
  }
  EXPECT_GT(want.size(), 50U);
  EXPECT_EQ(FlaggedRows({{"duration", 60}, {"min_samples", 5}}, readings), want);
}

TEST(StuckTest, ExplainsInOneSentence) {
  const auto readings = Series(std::vector<double>(100, 21.5));
  const auto detector = MakeDetector(StuckType());
  const auto anomalies = Detect(detector.get(), readings);
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].score, 1);
  EXPECT_EQ(anomalies[0].expected, 21.5);
  EXPECT_EQ(anomalies[0].event_time_us, 600 * kSecond);
  EXPECT_EQ(detector->Explain(anomalies[0], "temperature (degC)"),
            "temperature (degC) was exactly 21.5 for at least 10m and 10 readings");
  const auto tolerant = MakeDetector(StuckType(), {{"tolerance", 1}});
  EXPECT_EQ(tolerant->Explain(anomalies[0], "x"),
            "x stayed close to 21.5 for at least 10m and 10 readings");
}

}  // namespace
}  // namespace avocet
