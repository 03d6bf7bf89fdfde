#include "src/detect/t2.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Feeder;
using testing::kSecond;
using testing::MakeDetector;
using testing::ReadReference;
using testing::TestReading;

const std::vector<std::string> kMetrics = {"a", "b", "c"};

std::vector<TestReading> Records(const std::vector<std::vector<double>>& rows) {
  std::vector<TestReading> readings;
  int64_t time_us = 0;
  for (const auto& row : rows) readings.push_back({0, time_us += 10 * kSecond, row});
  return readings;
}

// A common cause, so that the three belong together, and noise of their own.
std::vector<std::vector<double>> Belonging(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise;
  std::vector<std::vector<double>> rows;
  for (size_t i = 0; i < size; ++i) {
    const double common = noise(random);
    rows.push_back({20 + 3 * common + 0.3 * noise(random), 50 - 2 * common + 0.2 * noise(random),
                    7 + common + 0.1 * noise(random)});
  }
  return rows;
}

TEST(T2Test, DistancesAreThoseOfNumpy) {
  std::vector<std::vector<double>> rows;
  std::vector<double> squared;
  for (const std::vector<double>& row : ReadReference("t2")) {
    rows.push_back({row[0], row[1], row[2]});
    squared.push_back(row[3]);
  }
  ASSERT_EQ(rows.size(), 400U);
  // So large a limit that nothing is learned in part.
  const auto detector = MakeDetector(T2Type(), {{"sigma", 20}, {"min_samples", 50}}, {}, kMetrics);
  JudgementSink judgements;
  Feeder feeder;
  feeder.Observe(detector.get(), &judgements);
  std::vector<Anomaly> anomalies;
  feeder.Feed(Records(rows), detector.get(), &anomalies);
  EXPECT_TRUE(anomalies.empty());
  ASSERT_EQ(judgements.size(), 350U);
  // Scores are in proportion to the distance.
  const double unit = judgements[0].score / std::sqrt(squared[judgements[0].row]);
  EXPECT_NEAR(unit, 1 / 20.5, 0.01);
  for (const Judgement& judgement : judgements) {
    EXPECT_NEAR(judgement.score, unit * std::sqrt(squared[judgement.row]), 1e-9) << judgement.row;
  }
}

TEST(T2Test, FindsWhatDoesNotGoTogetherAndNamesTheMetric) {
  auto rows = Belonging(2000, 1);
  // Each value by itself is within one deviation of its mean.
  rows[1500] = {20 + 3, 50 - 2, 7 - 1};
  const auto detector = MakeDetector(T2Type(), {}, {}, kMetrics);
  std::vector<Anomaly> anomalies;
  Feeder().Feed(Records(rows), detector.get(), &anomalies);
  ASSERT_EQ(anomalies.size(), 1U);
  const Anomaly& anomaly = anomalies[0];
  EXPECT_EQ(anomaly.row, 1500U);
  EXPECT_EQ(anomaly.metric, 2U);
  EXPECT_EQ(anomaly.value, 6);
  EXPECT_NEAR(anomaly.expected, 8, 0.3);
  EXPECT_LT(anomaly.upper, 10);
  EXPECT_GT(anomaly.lower, 6);
  EXPECT_EQ(anomaly.metrics[0].metric, 2U);
  EXPECT_GT(anomaly.metrics[0].share, 0.4F);
  EXPECT_EQ(detector->Explain(anomaly, "pressure (bar)")
                .find("pressure (bar) was 6, which does not go with the device's other metrics "
                      "(expected "),
            0U);
}

// The faulty metric is named first: an acceptance figure of the design.
TEST(T2Test, TheFaultyMetricContributesMost) {
  size_t found = 0, right = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    auto rows = Belonging(600, seed);
    const size_t faulty = seed % 3;
    const double deviations[] = {3, 2, 1};
    rows[500][faulty] += (seed % 2 == 0 ? 3 : -3) * deviations[faulty];
    std::vector<Anomaly> anomalies;
    Feeder().Feed(Records(rows), MakeDetector(T2Type(), {}, {}, kMetrics).get(), &anomalies);
    for (const Anomaly& anomaly : anomalies) {
      if (anomaly.row != 500) continue;
      ++found;
      right += anomaly.metrics[0].metric == faulty ? 1 : 0;
    }
  }
  EXPECT_GE(found, 58U);
  EXPECT_GE(static_cast<double>(right), 0.9 * static_cast<double>(found));
}

// Shifts of less than a deviation: no single record is odd.
TEST(T2Test, SmoothingFindsSmallShiftsThatStay) {
  auto rows = Belonging(2000, 2);
  for (size_t i = 1500; i < rows.size(); ++i) rows[i][2] -= 0.4;
  const auto first_after = [&](double smoothing) {
    std::vector<Anomaly> anomalies;
    Feeder().Feed(Records(rows),
                  MakeDetector(T2Type(), {{"smoothing", smoothing}}, {}, kMetrics).get(),
                  &anomalies);
    return anomalies.empty() ? rows.size() : anomalies.front().row;
  };
  EXPECT_GE(first_after(0.1), 1500U);
  EXPECT_LT(first_after(0.1), 1600U);
  EXPECT_GT(first_after(1), first_after(0.1));
}

TEST(T2Test, NullAndConstantMetricsTakeNoPart) {
  auto rows = Belonging(2000, 3);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i][1] = 5;
    if (i % 2 == 0) rows[i][2] = std::nan("");
  }
  rows[1600][0] = 60;  // judged by itself, as all else says nothing
  std::vector<Anomaly> anomalies;
  Feeder().Feed(Records(rows), MakeDetector(T2Type(), {}, {}, kMetrics).get(), &anomalies);
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].row, 1600U);
  EXPECT_EQ(anomalies[0].metric, 0U);
}

}  // namespace
}  // namespace avocet
