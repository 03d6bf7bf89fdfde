#include "src/detect/random_cut_forest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Feeder;
using testing::kSecond;
using testing::MakeDetector;
using testing::TestReading;

const std::vector<std::string> kMetrics = {"a", "b", "c"};

// Two states of the device, each with levels of its own.
std::vector<TestReading> TwoStates(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> noise(-1.7, 1.7);
  std::vector<TestReading> readings;
  bool busy = false;
  for (size_t i = 0; i < size; ++i) {
    if (random() % 20 == 0) busy = !busy;
    const double state = busy ? 1 : 0;
    readings.push_back({0,
                        static_cast<int64_t>(i) * 10 * kSecond,
                        {20 + 50 * state + noise(random), 1000 + 300 * state + 5 * noise(random),
                         0.5 * noise(random)}});
  }
  return readings;
}

std::vector<Anomaly> Detect(Detector* detector, const std::vector<TestReading>& readings) {
  std::vector<Anomaly> anomalies;
  Feeder().Feed(readings, detector, &anomalies);
  return anomalies;
}

// Each value is ordinary, but for a device in the other state.
TEST(RandomCutForestTest, FindsWhatIsBetweenTheStates) {
  std::vector<TestReading> readings = TwoStates(3000, 1);
  readings[2500].values = {45, 1150, 0};
  const auto detector = MakeDetector(RandomCutForestType(), {}, {}, kMetrics);
  const auto anomalies = Detect(detector.get(), readings);
  const auto is_planted = [](const Anomaly& anomaly) { return anomaly.row == 2500; };
  EXPECT_TRUE(std::any_of(anomalies.begin(), anomalies.end(), is_planted));
  EXPECT_LE(anomalies.size(), 3U);
}

// The faulty metric is named first: an acceptance figure of the design.
TEST(RandomCutForestTest, TheFaultyMetricContributesMost) {
  size_t found = 0, right = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    std::vector<TestReading> readings = TwoStates(1200, seed);
    const size_t faulty = seed % 3;
    const double deviations[] = {1, 5, 0.5};
    readings[1100].values[faulty] += (faulty == 2 ? 14 : 100) * deviations[faulty];
    const auto detector = MakeDetector(RandomCutForestType(), {}, {}, kMetrics);
    for (const Anomaly& anomaly : Detect(detector.get(), readings)) {
      if (anomaly.row != 1100) continue;
      ++found;
      right += anomaly.metric == faulty && anomaly.metrics[0].metric == faulty ? 1 : 0;
    }
  }
  EXPECT_GE(found, 25U);
  EXPECT_GE(static_cast<double>(right), 0.9 * static_cast<double>(found));
}

// To and fro: with a shingle the same value twice is odd, though the value is not.
TEST(RandomCutForestTest, AShingleSeesTheCourse) {
  std::vector<TestReading> readings;
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> noise(-0.02, 0.02);
  for (size_t i = 0; i < 2500; ++i) {
    const bool high = i == 2000 || i % 2 == 1;
    readings.push_back(
        {0, static_cast<int64_t>(i) * 10 * kSecond, {(high ? 1 : 0) + noise(random)}});
  }
  const auto finds = [&](double shingle) {
    const auto detector = MakeDetector(RandomCutForestType(), {{"shingle", shingle}});
    const auto anomalies = Detect(detector.get(), readings);
    return std::any_of(anomalies.begin(), anomalies.end(),
                       [](const Anomaly& anomaly) { return anomaly.row == 2000; });
  };
  EXPECT_TRUE(finds(2));
  EXPECT_FALSE(finds(1));
}

TEST(RandomCutForestTest, ConstantAndNullMetricsAreQuiet) {
  std::vector<TestReading> readings = TwoStates(2000, 6);
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> noise(-1, 1);
  for (size_t i = 0; i < readings.size(); ++i) {
    readings[i].values = {noise(random), i % 3 == 0 ? std::nan("") : noise(random), 7};
  }
  const auto detector = MakeDetector(RandomCutForestType(), {}, {}, kMetrics);
  EXPECT_LE(Detect(detector.get(), readings).size(), 2U);
}

}  // namespace
}  // namespace avocet
