#include "src/detect/cusum.h"

#include <gtest/gtest.h>

#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::Series;

// Montgomery, Introduction to Statistical Quality Control, table 9.1: mean 10, deviation 1, a shift
// by one deviation after the twentieth sample. With slack 0.5 and limit 5 the chart signals at
// sample 29, where the upper sum is 5.28.
TEST(CusumTest, MatchesTheTextbook) {
  const std::vector<double> values = {9.45,  7.99,  9.29,  11.66, 12.16, 10.18, 8.04,  11.46,
                                      9.20,  10.34, 9.03,  11.47, 10.51, 9.40,  10.08, 9.37,
                                      10.62, 10.31, 8.52,  10.84, 10.90, 9.33,  12.29, 11.50,
                                      10.60, 11.08, 10.38, 11.62, 11.31, 10.52};
  const auto detector =
      MakeDetector(CusumType(), {{"slack", 0.5}, {"limit", 5}, {"mean", 10}, {"deviation", 1}});
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].row, 28U);
  EXPECT_NEAR(anomalies[0].score * 5, 5.28, 1e-9);
  EXPECT_EQ(anomalies[0].reason, "shifted_up");
  EXPECT_EQ(detector->Explain(anomalies[0], "hardness"),
            "hardness was 11.31, and has for some time been above its given mean of 10.0: the sum "
            "of what readings are off reached 5.3 standard deviations where 5.0 are allowed");
}

std::vector<double> Noise(size_t size, double level, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(level, 1);
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) values.push_back(noise(random));
  return values;
}

TEST(CusumTest, FindsASmallShiftOnceAndAdoptsIt) {
  std::vector<double> values = Noise(300, 20, 1);
  const std::vector<double> shifted = Noise(700, 21.5, 2);
  values.insert(values.end(), shifted.begin(), shifted.end());
  const auto anomalies = Detect(MakeDetector(CusumType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_GE(anomalies[0].row, 300U);
  EXPECT_LT(anomalies[0].row, 330U);
}

TEST(CusumTest, TheBandSaysWhatWouldHaveFired) {
  // A run that has filled most of the sum; then the next reading decides.
  const std::vector<double> run = {1.4, 1.6, 1.2, 1.7};
  const std::map<std::string, double> given = {{"limit", 5}, {"mean", 0}, {"deviation", 1}};
  const auto fires = [&](double last) {
    std::vector<double> values = run;
    values.push_back(last);
    return !Detect(MakeDetector(CusumType(), given).get(), Series(values)).empty();
  };
  JudgementSink judgements;
  const auto observed = MakeDetector(CusumType(), given);
  observed->ObserveWith(&judgements);
  std::vector<double> values = run;
  values.push_back(0);
  Detect(observed.get(), Series(values));
  ASSERT_EQ(judgements.size(), 5U);
  EXPECT_NEAR(judgements.back().upper, 5 + 0.5 - 3.9, 1e-9);
  EXPECT_TRUE(fires(judgements.back().upper + 1e-6));
  EXPECT_FALSE(fires(judgements.back().upper - 1e-6));
}

TEST(CusumTest, OneSpikeIsNoShift) {
  std::vector<double> values = Noise(150, 0, 4);
  values.push_back(1e6);
  const auto anomalies = Detect(MakeDetector(CusumType(), {{"slack", 3}}).get(), Series(values));
  EXPECT_TRUE(anomalies.empty());
}

TEST(CusumTest, ConstantSeries) {
  std::vector<double> values(1000, 7);
  EXPECT_TRUE(Detect(MakeDetector(CusumType()).get(), Series(values)).empty());
  values.insert(values.end(), 1000, 8);
  const auto anomalies = Detect(MakeDetector(CusumType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].reason, "constant");
  EXPECT_EQ(anomalies[0].row, 1000U);
}

}  // namespace
}  // namespace avocet
