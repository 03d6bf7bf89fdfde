#include "src/detect/half_space_trees.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <type_traits>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::ReadReference;
using testing::Series;

// Probability that a labelled reading has a higher score than another one; ties count half.
double AreaUnderCurve(const std::vector<double>& scores, const std::vector<bool>& labels) {
  double wins = 0, pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t j = 0; j < scores.size(); ++j) {
      if (!labels[i] || labels[j]) continue;
      wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      pairs += 1;
    }
  }
  return wins / pairs;
}

// Trees of other fractions cannot agree reading by reading: they must rank as well as river's do,
// whose scores are in the reference.
TEST(HalfSpaceTreesTest, RanksAsWellAsRiver) {
  std::vector<double> values;
  std::vector<bool> labels;
  std::vector<double> river;
  for (const std::vector<double>& row : ReadReference("half_space_trees")) {
    values.push_back(row[0]);
    labels.push_back(row[1] == 1);
    river.push_back(row[2]);
  }
  const auto detector = MakeDetector(HalfSpaceTreesType());
  JudgementSink judgements;
  detector->ObserveWith(&judgements);
  Detect(detector.get(), Series(values));
  ASSERT_EQ(judgements.size(), values.size());
  std::vector<double> scores;
  for (const Judgement& judgement : judgements) scores.push_back(judgement.score);
  // Both need two windows to learn; what they say before does not count.
  const auto tail = [](const auto& all) {
    return std::decay_t<decltype(all)>(all.begin() + 500, all.end());
  };
  const double own = AreaUnderCurve(tail(scores), tail(labels));
  const double others = AreaUnderCurve(tail(river), tail(labels));
  EXPECT_GT(others, 0.8);
  EXPECT_GT(own, others - 0.02);
}

std::vector<double> TwoLevels(size_t size) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) values.push_back((random() % 2 == 0 ? 10 : 90) + noise(random));
  return values;
}

// Between two usual levels, near the mean of all readings: no test of distances sees it.
TEST(HalfSpaceTreesTest, FindsWhatIsBetweenTheUsualLevels) {
  std::vector<double> values = TwoLevels(2000);
  values[1500] = 50;
  const auto detector = MakeDetector(HalfSpaceTreesType());
  const auto anomalies = Detect(detector.get(), Series(values));
  const auto between = std::find_if(anomalies.begin(), anomalies.end(),
                                    [](const Anomaly& anomaly) { return anomaly.row == 1500; });
  ASSERT_NE(between, anomalies.end());
  // Of 1,500 readings that are judged, those at the ends of both levels are rare as well.
  EXPECT_LE(anomalies.size(), 15U);
  EXPECT_EQ(detector->Explain(*between, "load"),
            "load was 50, where hardly any of its last 250 readings have been");
}

TEST(HalfSpaceTreesTest, ANewRangeIsLearned) {
  std::vector<double> values = TwoLevels(4000);
  for (size_t i = 1000; i < values.size(); ++i) values[i] += 1e6;
  const auto anomalies = Detect(MakeDetector(HalfSpaceTreesType()).get(), Series(values));
  ASSERT_FALSE(anomalies.empty());
  EXPECT_EQ(anomalies.front().row, 1000U);
  EXPECT_LT(anomalies.back().row, 1500U);
}

TEST(HalfSpaceTreesTest, ConstantSeries) {
  std::vector<double> values(2000, 0.3);
  EXPECT_TRUE(Detect(MakeDetector(HalfSpaceTreesType()).get(), Series(values)).empty());
  values.push_back(7);
  EXPECT_EQ(Detect(MakeDetector(HalfSpaceTreesType()).get(), Series(values)).size(), 1U);
}

}  // namespace
}  // namespace avocet
