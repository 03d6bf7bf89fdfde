#include "src/detect/random_cut_forest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
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

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> RanksOf(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double value : values) {
    const auto below = std::count_if(values.begin(), values.end(),
                                     [value](double other) { return other < value; });
    const auto same = std::count(values.begin(), values.end(), value);
    ranks.push_back(static_cast<double>(below) + static_cast<double>(same + 1) / 2);
  }
  return ranks;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const double mean_a = mean(a), mean_b = mean(b);
  double both = 0, square_a = 0, square_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean_a) * (b[i] - mean_b);
    square_a += (a[i] - mean_a) * (a[i] - mean_a);
    square_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return both / std::sqrt(square_a * square_b);
}

// The chance that a labelled record has a larger score than another one: the area under the ROC.
double AreaUnderRoc(const std::vector<double>& scores, const std::vector<bool>& labels) {
  const std::vector<double> ranks = RanksOf(scores);
  double sum = 0, count = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    sum += labels[i] ? ranks[i] : 0;
    count += labels[i] ? 1 : 0;
  }
  return (sum - count * (count + 1) / 2) / (count * (static_cast<double>(scores.size()) - count));
}

// Expectations by randomcutforest-core: bench/detect/rcf.py.
TEST(RandomCutForestTest, RanksRecordsLikeTheLibraryOfItsInventors) {
  constexpr size_t kLearns = 358;  // records
  const auto rows = testing::ReadReference("random_cut_forest_aws");
  ASSERT_EQ(rows.size(), 1200U);
  std::vector<TestReading> readings;
  for (const auto& row : rows) {
    const auto at = static_cast<int64_t>(readings.size()) * 10 * kSecond;
    readings.push_back({0, at, {row[0], row[1], row[2]}});
  }
  const auto detector = MakeDetector(RandomCutForestType(), {}, {}, kMetrics);
  JudgementSink judgements;
  std::vector<Anomaly> anomalies;
  Feeder feeder;
  feeder.Observe(detector.get(), &judgements);
  feeder.Feed(readings, detector.get(), &anomalies);
  std::vector<double> ours, theirs, our_unusual, their_unusual;
  std::vector<bool> labels;
  for (const Judgement& judgement : judgements) {
    if (judgement.row < kLearns) continue;
    const std::vector<double>& row = rows[judgement.row];
    ours.push_back(judgement.score);
    theirs.push_back(row[4]);
    labels.push_back(row[3] > 0);
    if (!(judgement.score > 0)) continue;  // below the mean, not ranked by us
    our_unusual.push_back(judgement.score);
    their_unusual.push_back(row[4]);
  }
  ASSERT_EQ(ours.size(), rows.size() - kLearns);
  EXPECT_GE(AreaUnderRoc(ours, labels), AreaUnderRoc(theirs, labels) - 0.01);
  EXPECT_GE(AreaUnderRoc(ours, labels), 0.97);
  EXPECT_GE(Correlation(RanksOf(our_unusual), RanksOf(their_unusual)), 0.7);
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
