#include "src/detect/zscore.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::Series;

// Two passes in extended precision over readings [begin, end).
struct Reference {
  long double mean = 0, std = 0;

  Reference(const std::vector<double>& values, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) mean += values[i];
    mean /= static_cast<long double>(end - begin);
    long double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += (values[i] - mean) * (values[i] - mean);
    std = std::sqrt(sum / static_cast<long double>(end - begin - 1));
  }
};

std::vector<double> RandomWalkWithSpikes(size_t size, double offset, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) {
    values.push_back(offset + noise(random) * (random() % 50 == 0 ? 8 : 1));
  }
  return values;
}

void ExpectMatchesReference(double offset, size_t window) {
  const std::vector<double> values = RandomWalkWithSpikes(3000, offset, 7 + window);
  const auto detector =
      MakeDetector(ZScoreType(), {{"window", static_cast<double>(window)}, {"sigma", 2.5}});
  const std::vector<Anomaly> anomalies = Detect(detector.get(), Series(values));
  size_t next = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i < std::min<size_t>(30, window == 0 ? 30 : window)) continue;
    const Reference want(values, window == 0 || i < window ? 0 : i - window, i);
    const double z = static_cast<double>((values[i] - want.mean) / want.std);
    const bool flagged = next < anomalies.size() && anomalies[next].row == i;
    ASSERT_EQ(flagged, std::abs(z) > 2.5) << i << " z=" << z;
    if (!flagged) continue;
    const Anomaly& anomaly = anomalies[next++];
    EXPECT_NEAR(anomaly.score, std::abs(z) / 2.5, 1e-7 * std::abs(z)) << i;
    EXPECT_NEAR(anomaly.expected, static_cast<double>(want.mean), 1e-6);
    EXPECT_NEAR(anomaly.upper - anomaly.lower, static_cast<double>(5 * want.std), 1e-6);
    EXPECT_EQ(anomaly.severity, std::abs(z) >= 5   ? Severity::kCritical
                                : std::abs(z) >= 3 ? Severity::kWarning
                                                   : Severity::kInfo);
    EXPECT_EQ(anomaly.reason, z > 0 ? "above_mean" : "below_mean");
    EXPECT_EQ(anomaly.value, values[i]);
  }
  EXPECT_EQ(next, anomalies.size());
  EXPECT_GT(next, 20U);
}

TEST(ZScoreTest, MatchesTwoPassReference) {
  ExpectMatchesReference(0, 0);
  ExpectMatchesReference(20, 0);
  ExpectMatchesReference(1e9, 0);
  ExpectMatchesReference(-1e9, 0);
}

TEST(ZScoreTest, WindowMatchesTwoPassReference) {
  for (const size_t window : {10, 29, 30, 31, 100, 1000}) {
    ExpectMatchesReference(0, window);
    ExpectMatchesReference(1e9, window);
  }
}

std::vector<double> Alternating(size_t size, double a, double b) {
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) values.push_back(i % 2 == 0 ? a : b);
  return values;
}

TEST(ZScoreTest, ExactlySigmaIsNotFlagged) {
  // 32 readings of +-1: m2 = 32, n - 1 = 31; z = 3 exactly where x = 3 * sqrt(32 / 31).
  std::vector<double> values = Alternating(32, 1, -1);
  const double limit = 3 * std::sqrt(32.0 / 31.0);
  values.push_back(limit);
  EXPECT_TRUE(Detect(MakeDetector(ZScoreType()).get(), Series(values)).empty());
  values.back() = limit * (1 + 1e-12);
  EXPECT_EQ(Detect(MakeDetector(ZScoreType()).get(), Series(values)).size(), 1U);
  values.back() = -limit * (1 + 1e-12);
  EXPECT_EQ(Detect(MakeDetector(ZScoreType()).get(), Series(values)).size(), 1U);
}

TEST(ZScoreTest, JudgesFromMinSamplesOn) {
  for (const size_t earlier : {29, 30}) {
    std::vector<double> values = Alternating(earlier, 1, -1);
    values.push_back(100);
    const auto anomalies = Detect(MakeDetector(ZScoreType()).get(), Series(values));
    EXPECT_EQ(anomalies.size(), earlier == 30 ? 1U : 0U);
  }
}

TEST(ZScoreTest, MinSamplesIsAtMostTheWindow) {
  std::vector<double> values = Alternating(10, 1, -1);
  values.push_back(100);
  EXPECT_EQ(Detect(MakeDetector(ZScoreType(), {{"window", 10}}).get(), Series(values)).size(), 1U);
}

TEST(ZScoreTest, ChangeOfConstantSeriesIsCritical) {
  for (const double window : {0.0, 40.0}) {
    std::vector<double> values(1000, 0.1);
    values.push_back(std::nextafter(0.1, 1));
    const auto detector = MakeDetector(ZScoreType(), {{"window", window}});
    const auto anomalies = Detect(detector.get(), Series(values));
    ASSERT_EQ(anomalies.size(), 1U);
    EXPECT_EQ(anomalies[0].reason, "constant");
    EXPECT_EQ(anomalies[0].severity, Severity::kCritical);
    EXPECT_EQ(anomalies[0].expected, 0.1);
    EXPECT_EQ(anomalies[0].lower, 0.1);
    EXPECT_EQ(anomalies[0].score, 10);
  }
}

TEST(ZScoreTest, AMillionEqualReadingsHaveNoSpread) {
  const std::vector<double> values(1'000'000, 1e9 + 0.1);
  EXPECT_TRUE(Detect(MakeDetector(ZScoreType()).get(), Series(values)).empty());
}

TEST(ZScoreTest, WindowForgetsASpikeWithoutTrace) {
  // All of the window is 5 again: the next 5 must not be flagged, any other value must.
  std::vector<double> values(50, 5);
  values.push_back(1e12);
  values.insert(values.end(), 40, 5);
  values.push_back(5);
  values.push_back(5 + 1e-9);
  const auto detector = MakeDetector(ZScoreType(), {{"window", 40}});
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), 2U);
  EXPECT_EQ(anomalies[0].row, 50U);
  EXPECT_EQ(anomalies[1].row, values.size() - 1);
  EXPECT_EQ(anomalies[1].reason, "constant");
}

TEST(ZScoreTest, ExcludedAnomaliesAreNotLearned) {
  std::vector<double> values = Alternating(40, 1, -1);
  values.insert(values.end(), 10, 50);
  const auto count = [&](std::map<std::string, double> overrides) {
    return Detect(MakeDetector(ZScoreType(), overrides).get(), Series(values)).size();
  };
  EXPECT_EQ(count({{"exclude_anomalies", 1}}), 10U);
  EXPECT_EQ(count({{"exclude_anomalies", 1}, {"window", 35}}), 10U);
  EXPECT_LT(count({}), 10U);
}

TEST(ZScoreTest, NullsLateAndInfiniteReadingsAreSkipped) {
  std::vector<double> values = Alternating(30, 1, -1);
  values.push_back(kNullValue);
  values.push_back(std::numeric_limits<double>::infinity());
  values.push_back(-std::numeric_limits<double>::infinity());
  auto readings = Series(values);
  readings.push_back({0, 5, {100}});  // older than the device's newest
  const auto detector = MakeDetector(ZScoreType());
  EXPECT_TRUE(Detect(detector.get(), readings).empty());
  // Had any of them been learned, 3.1 would be inside.
  const auto again = MakeDetector(ZScoreType());
  readings.push_back({0, 1000 * testing::kSecond, {3.1}});
  EXPECT_EQ(Detect(again.get(), readings).size(), 1U);
}

TEST(ZScoreTest, HugeReadingsAreFlaggedNotLearned) {
  const double kMax = std::numeric_limits<double>::max();
  for (const double window : {0.0, 35.0}) {
    std::vector<double> values = Alternating(40, 1, -1);
    values.insert(values.end(), {1e300, -1e300, kMax, -kMax, 0.5, 7});
    const auto anomalies =
        Detect(MakeDetector(ZScoreType(), {{"window", window}}).get(), Series(values));
    ASSERT_EQ(anomalies.size(), 5U);
    for (const Anomaly& anomaly : anomalies) {
      EXPECT_TRUE(std::isfinite(anomaly.score)) << anomaly.row;
      EXPECT_GT(anomaly.score, 1);
      EXPECT_TRUE(std::isfinite(anomaly.lower) && std::isfinite(anomaly.upper));
    }
    EXPECT_EQ(anomalies[4].value, 7);
  }
}

TEST(ZScoreTest, LargestLearnedReadingsStayFinite) {
  std::vector<double> values = Alternating(2000, 1e50, -1e50);
  values.push_back(1e300);
  const auto anomalies = Detect(MakeDetector(ZScoreType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_TRUE(std::isfinite(anomalies[0].score));
}

TEST(ZScoreTest, ExplainsInOneSentence) {
  const auto detector = MakeDetector(ZScoreType());
  Anomaly anomaly;
  anomaly.value = 85.2;
  anomaly.expected = 37.93;
  anomaly.lower = 35.1;
  anomaly.upper = 40.7;
  anomaly.score = 6.1 / 3;
  anomaly.reason = "above_mean";
  EXPECT_EQ(detector->Explain(anomaly, "temperature (degC)"),
            "temperature (degC) was 85.2, 6.1 standard deviations above its mean of 37.9 (expected "
            "35.1 to 40.7)");
  anomaly.expected = 4;
  anomaly.reason = "constant";
  EXPECT_EQ(detector->Explain(anomaly, "level"),
            "level was 85.2, although all its earlier readings were 4");
}

TEST(ZScoreTest, TakesTwentyFourBytesPerSeries) {
  const auto detector = MakeDetector(ZScoreType());
  Detect(detector.get(), std::vector<testing::TestReading>{{999, 0, {1}}});
  EXPECT_EQ(detector->StateBytes(), 24U * 1000);
}

}  // namespace
}  // namespace avocet
