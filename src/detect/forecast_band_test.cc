#include "src/detect/forecast_band.h"

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

// The reference solves the least squares anew for each reading.
TEST(ForecastBandTest, ForecastsAsLeastSquaresSolvedOutright) {
  std::vector<double> values, forecasts;
  for (const std::vector<double>& row : ReadReference("forecast_band")) {
    values.push_back(row[0]);
    forecasts.push_back(row[1]);
  }
  const auto detector = MakeDetector(ForecastBandType(), {{"memory", 200}, {"factor", 1000}});
  JudgementSink judgements;
  detector->ObserveWith(&judgements);
  EXPECT_TRUE(Detect(detector.get(), Series(values)).empty());
  ASSERT_EQ(judgements.size(), values.size());
  size_t compared = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(forecasts[i])) continue;
    EXPECT_NEAR(judgements[i].expected, forecasts[i], 1e-7) << i;
    ++compared;
  }
  EXPECT_EQ(compared, values.size() - 30);
}

std::vector<double> Waves(size_t size, double noise_size) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) {
    values.push_back(20 + 5 * std::sin(static_cast<double>(i) / 20) + noise_size * noise(random));
  }
  return values;
}

TEST(ForecastBandTest, OneReadingInAHundredIsOutsideOfTheBand) {
  // Errors whose size changes threefold: a fixed band would hold far fewer or far more.
  std::vector<double> values = Waves(30'000, 0);
  std::mt19937_64 random(8);
  std::exponential_distribution<double> size(1);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] += (i / 5000 % 2 == 0 ? 0.1 : 0.3) * size(random) * (random() % 2 == 0 ? 1 : -1);
  }
  // With factor 1 the band itself is the limit.
  const auto anomalies =
      Detect(MakeDetector(ForecastBandType(), {{"factor", 1}}).get(), Series(values));
  EXPECT_NEAR(static_cast<double>(anomalies.size()) / 30'000, 0.01, 0.004);
}

TEST(ForecastBandTest, FindsAJumpWithinTheUsualRange) {
  std::vector<double> values = Waves(3000, 0.05);
  values[2000] += 2;
  const auto detector = MakeDetector(ForecastBandType());
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_GE(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].row, 2000U);
  EXPECT_EQ(anomalies[0].reason, "above_forecast");
  EXPECT_LT(anomalies.back().row, 2005U);
  EXPECT_NE(detector->Explain(anomalies[0], "t").find("was forecast from its last 3 readings"),
            std::string::npos);
}

TEST(ForecastBandTest, ConstantSeries) {
  std::vector<double> values(5000, 0.3);
  EXPECT_TRUE(Detect(MakeDetector(ForecastBandType()).get(), Series(values)).empty());
  values.push_back(0.4);
  const auto anomalies = Detect(MakeDetector(ForecastBandType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].reason, "constant");
}

TEST(ForecastBandTest, HugeReadingsDoNoHarm) {
  std::vector<double> values = Waves(1000, 0.1);
  for (size_t i = 500; i < 520; ++i) values[i] = i % 3 == 0 ? 1e300 : i % 3 == 1 ? -1e45 : 1e12;
  const auto detector = MakeDetector(ForecastBandType());
  JudgementSink judgements;
  detector->ObserveWith(&judgements);
  for (const Anomaly& anomaly : Detect(detector.get(), Series(values))) {
    EXPECT_TRUE(std::isfinite(anomaly.score));
  }
  EXPECT_NEAR(judgements.back().expected, values.back(), 5);
}

}  // namespace
}  // namespace avocet
