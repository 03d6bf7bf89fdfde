#include "src/detect/rate_of_change.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::kSecond;
using testing::MakeDetector;
using testing::TestReading;

TEST(RateOfChangeTest, MatchesReference) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> noise;
  std::vector<TestReading> readings;
  int64_t time_us = 0;
  for (int i = 0; i < 2000; ++i) {
    time_us += static_cast<int64_t>(random() % 20) * kSecond / 4;
    readings.push_back({0, time_us, {random() % 8 == 0 ? kNullValue : noise(random)}});
  }
  const auto detector = MakeDetector(RateOfChangeType(), {{"max_per_second", 0.6}});
  const auto anomalies = Detect(detector.get(), readings);
  size_t next = 0;
  const TestReading* previous = nullptr;
  for (size_t i = 0; i < readings.size(); ++i) {
    const TestReading& reading = readings[i];
    if (std::isnan(reading.values[0])) continue;
    if (previous != nullptr && reading.time_us > previous->time_us) {
      const double rate = (reading.values[0] - previous->values[0]) /
                          (static_cast<double>(reading.time_us - previous->time_us) / 1e6);
      const bool flagged = next < anomalies.size() && anomalies[next].row == i;
      ASSERT_EQ(flagged, std::abs(rate) > 0.6);
      if (flagged) {
        EXPECT_DOUBLE_EQ(anomalies[next].score, std::abs(rate) / 0.6);
        EXPECT_EQ(anomalies[next].expected, previous->values[0]);
        EXPECT_EQ(anomalies[next++].reason, rate > 0 ? "rose_too_fast" : "fell_too_fast");
      }
    }
    previous = &reading;
  }
  EXPECT_EQ(next, anomalies.size());
  EXPECT_GT(next, 100U);
}

std::vector<uint32_t> FlaggedRows(std::map<std::string, double> overrides,
                                  const std::vector<double>& values) {
  overrides["max_per_second"] = 1;
  const auto detector = MakeDetector(RateOfChangeType(), overrides);
  std::vector<uint32_t> rows;
  for (const Anomaly& anomaly : Detect(detector.get(), testing::Series(values, 1))) {
    rows.push_back(anomaly.row);
  }
  return rows;
}

TEST(RateOfChangeTest, OnlyTheWatchedDirectionFires) {
  const std::vector<double> values = {0, 1, 3, 2, 0};
  EXPECT_EQ(FlaggedRows({}, values), (std::vector<uint32_t>{2, 4}));
  EXPECT_EQ(FlaggedRows({{"falling", 0}}, values), (std::vector<uint32_t>{2}));
  EXPECT_EQ(FlaggedRows({{"rising", 0}}, values), (std::vector<uint32_t>{4}));
}

TEST(RateOfChangeTest, SeverityFollowsTheCriticalRate) {
  const auto detector =
      MakeDetector(RateOfChangeType(), {{"max_per_second", 1}, {"critical_per_second", 5}});
  const auto anomalies =
      Detect(detector.get(), testing::Series(std::vector<double>{0, 4.5, 9.5}, 1));
  ASSERT_EQ(anomalies.size(), 2U);
  EXPECT_EQ(anomalies[0].severity, Severity::kWarning);
  EXPECT_EQ(anomalies[1].severity, Severity::kCritical);
  EXPECT_EQ(anomalies[0].lower, -1);
  EXPECT_EQ(anomalies[0].upper, 1);
}

TEST(RateOfChangeTest, ReadingsWithTheSameTimeAreNotJudgedButRemembered) {
  const std::vector<TestReading> readings = {
      {0, 0, {0}}, {0, kSecond, {0}}, {0, kSecond, {50}}, {0, 2 * kSecond, {50}}};
  const auto detector = MakeDetector(RateOfChangeType(), {{"max_per_second", 1}});
  EXPECT_TRUE(Detect(detector.get(), readings).empty());
}

TEST(RateOfChangeTest, NeverFiresWithoutALimitAndHugeStepsAreFinite) {
  const double kMax = std::numeric_limits<double>::max();
  const auto readings = testing::Series(std::vector<double>{kMax, -kMax, kMax}, 1);
  EXPECT_TRUE(Detect(MakeDetector(RateOfChangeType()).get(), readings).empty());
  const auto detector = MakeDetector(RateOfChangeType(), {{"max_per_second", 1e-6}});
  const auto anomalies = Detect(detector.get(), readings);
  ASSERT_EQ(anomalies.size(), 2U);
  EXPECT_TRUE(std::isfinite(anomalies[0].score) && std::isfinite(anomalies[1].upper));
}

TEST(RateOfChangeTest, ExplainsInOneSentence) {
  const auto detector = MakeDetector(RateOfChangeType(), {{"max_per_second", 0.5}});
  const auto anomalies = Detect(detector.get(), testing::Series(std::vector<double>{20, 35.2, 1}));
  ASSERT_EQ(anomalies.size(), 2U);
  EXPECT_EQ(detector->Explain(anomalies[0], "temperature (degC)"),
            "temperature (degC) rose from 20 to 35.2, by 1.52 per second where at most 0.5 is "
            "expected");
  EXPECT_EQ(detector->Explain(anomalies[1], "x"),
            "x fell from 35.2 to 1, by 3.42 per second where at most 0.5 is expected");
}

}  // namespace
}  // namespace avocet
