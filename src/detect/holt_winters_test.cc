#include "src/detect/holt_winters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::ReadReference;
using testing::Series;

constexpr int64_t kHour = 3600;

TEST(HoltWintersTest, ForecastsAsStatsmodelsDoes) {
  std::vector<double> values, forecasts;
  for (const std::vector<double>& row : ReadReference("holt_winters")) {
    values.push_back(row[0]);
    forecasts.push_back(row[1]);
  }
  const auto detector = MakeDetector(
      HoltWintersType(),
      {{"buckets", 24}, {"alpha", 0.2}, {"beta", 0.1}, {"gamma", 0.3}, {"sigma", 1000}});
  JudgementSink judgements;
  detector->ObserveWith(&judgements);
  EXPECT_TRUE(Detect(detector.get(), Series(values, kHour)).empty());
  ASSERT_EQ(judgements.size(), values.size());
  size_t compared = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(forecasts[i])) {
      EXPECT_TRUE(std::isnan(judgements[i].expected)) << i;
      continue;
    }
    EXPECT_NEAR(judgements[i].expected, forecasts[i], 1e-9) << i;
    ++compared;
  }
  EXPECT_EQ(compared, values.size() - 24);
}

std::vector<double> Days(int days) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  for (int i = 0; i < days * 144; ++i) {
    values.push_back(20 + 8 * std::sin(2 * M_PI * i / 144) + 0.3 * noise(random));
  }
  return values;
}

// In the middle of the range of all readings, but not at night.
TEST(HoltWintersTest, FindsTheRightValueAtTheWrongTime) {
  std::vector<double> values = Days(8);
  const size_t night = 7 * 144 + 108;
  values[night] = 24;
  const auto detector = MakeDetector(HoltWintersType());
  const auto anomalies = Detect(detector.get(), Series(values, 600));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].row, night);
  EXPECT_EQ(anomalies[0].reason, "above_forecast");
  EXPECT_EQ(anomalies[0].severity, Severity::kCritical);
  EXPECT_NE(detector->Explain(anomalies[0], "temperature").find("what is usual at this time"),
            std::string::npos);
}

TEST(HoltWintersTest, GapsAndTimesBefore1970AreFine) {
  std::vector<testing::TestReading> readings = Series(Days(6), 600);
  const auto whole = Detect(MakeDetector(HoltWintersType()).get(), readings);
  EXPECT_TRUE(whole.empty());
  for (testing::TestReading& reading : readings) reading.time_us -= 400 * 86400 * testing::kSecond;
  readings.erase(readings.begin() + 300, readings.begin() + 500);
  EXPECT_TRUE(Detect(MakeDetector(HoltWintersType()).get(), readings).empty());
}

TEST(HoltWintersTest, ConstantSeries) {
  std::vector<double> values(1000, 4.7);
  EXPECT_TRUE(Detect(MakeDetector(HoltWintersType()).get(), Series(values, 600)).empty());
  values.push_back(4.8);
  const auto anomalies = Detect(MakeDetector(HoltWintersType()).get(), Series(values, 600));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].reason, "constant");
}

TEST(HoltWintersTest, HugeReadingsAreFlaggedNotLearned) {
  std::vector<double> values = Days(4);
  for (size_t i = 500; i < 510; ++i) values[i] = i % 2 == 0 ? 1e300 : -1e300;
  const auto anomalies = Detect(MakeDetector(HoltWintersType()).get(), Series(values, 600));
  ASSERT_EQ(anomalies.size(), 10U);
  for (const Anomaly& anomaly : anomalies) EXPECT_TRUE(std::isfinite(anomaly.score));
}

}  // namespace
}  // namespace avocet
