#include "src/detect/ewma.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::Series;

// Weighted moments written out over all learned readings, each time anew.
struct Reference {
  double alpha;
  std::vector<double> learned;
  long double mean = 0, std = 0;

  void Learn(double x) {
    learned.push_back(x);
    const auto size = static_cast<std::ptrdiff_t>(learned.size());
    std::vector<long double> weights(learned.size());
    long double rest = 1;
    for (std::ptrdiff_t i = size - 1; i >= 0; --i) {
      const long double k = std::max<long double>(alpha, 1.0L / static_cast<long double>(i + 1));
      weights[static_cast<size_t>(i)] = rest * k;
      rest *= 1 - k;
    }
    mean = 0;
    for (size_t i = 0; i < learned.size(); ++i) mean += weights[i] * learned[i];
    long double variance = 0;
    for (size_t i = 0; i < learned.size(); ++i) {
      variance += weights[i] * (learned[i] - mean) * (learned[i] - mean);
    }
    std = std::sqrt(variance);
  }
};

TEST(EwmaTest, MatchesWrittenOutWeights) {
  std::mt19937_64 random(6);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  for (int i = 0; i < 1500; ++i) {
    values.push_back(50 + (i > 700 ? 10 : 0) + noise(random) * (random() % 40 == 0 ? 9 : 1));
  }
  const auto detector = MakeDetector(EwmaType(), {{"alpha", 0.04}, {"sigma", 3}});
  const auto anomalies = Detect(detector.get(), Series(values));
  Reference want{.alpha = 0.04, .learned = {}};
  size_t next = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double multiple = static_cast<double>((values[i] - want.mean) / want.std);
    const bool flagged = next < anomalies.size() && anomalies[next].row == i;
    ASSERT_EQ(flagged, i >= 30 && std::abs(multiple) > 3) << i;
    if (!flagged) {
      want.Learn(values[i]);
      continue;
    }
    const Anomaly& anomaly = anomalies[next++];
    EXPECT_NEAR(anomaly.score, std::abs(multiple) / 3, 1e-6);
    EXPECT_NEAR(anomaly.expected, static_cast<double>(want.mean), 1e-9);
    EXPECT_NEAR(anomaly.upper, static_cast<double>(want.mean + 3 * want.std), 1e-6);
    EXPECT_EQ(anomaly.severity, std::abs(multiple) >= 8 ? Severity::kCritical : Severity::kWarning);
    want.Learn(static_cast<double>(want.mean + (multiple > 0 ? 3 : -3) * want.std));
  }
  EXPECT_EQ(next, anomalies.size());
  EXPECT_GT(next, 10U);
}

TEST(EwmaTest, FollowsALevelThatAStandardScoreWouldNotForget) {
  std::mt19937_64 random(8);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  for (int i = 0; i < 4000; ++i) values.push_back((i < 2000 ? 0 : 30) + noise(random));
  const auto anomalies = Detect(MakeDetector(EwmaType()).get(), Series(values));
  ASSERT_FALSE(anomalies.empty());
  EXPECT_EQ(anomalies.front().row, 2000U);
  EXPECT_LT(anomalies.back().row, 2100U);
}

TEST(EwmaTest, ConstantSeries) {
  std::vector<double> values(10'000, 0.3);
  EXPECT_TRUE(Detect(MakeDetector(EwmaType()).get(), Series(values)).empty());
  values.push_back(0.30001);
  const auto detector = MakeDetector(EwmaType());
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].reason, "constant");
  EXPECT_EQ(detector->Explain(anomalies[0], "level"),
            "level was 0.30001, although all its earlier readings were 0.3");
  // The variance left by the change fades below every double; that is not a new anomaly.
  values.insert(values.end(), 100'000, 0.30001);
  EXPECT_EQ(Detect(MakeDetector(EwmaType()).get(), Series(values)).size(), 1U);
}

TEST(EwmaTest, HugeReadingsAreFlaggedNotLearned) {
  const double kMax = std::numeric_limits<double>::max();
  std::vector<double> values;
  for (int i = 0; i < 50; ++i) values.push_back(i % 2);
  for (int i = 0; i < 5000; ++i) values.push_back(i % 3 == 0 ? 1e300 : kMax);
  const auto anomalies = Detect(MakeDetector(EwmaType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 5000U);
  for (const Anomaly& anomaly : anomalies) EXPECT_TRUE(std::isfinite(anomaly.score));
  EXPECT_NEAR(anomalies.back().expected, 0.5, 0.2);
}

TEST(EwmaTest, ExplainsInOneSentence) {
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(i % 2);
  values.push_back(10);
  const auto detector = MakeDetector(EwmaType());
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(detector->Explain(anomalies[0], "x"),
            "x was 10, 19.0 standard deviations above its recent mean of 0.5 (expected -2.0 to "
            "3.0)");
}

}  // namespace
}  // namespace avocet
