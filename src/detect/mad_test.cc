#include "src/detect/mad.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::Series;

double NaiveMedian(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct Reference {
  double median, scale;

  explicit Reference(const std::vector<double>& window) : median(NaiveMedian(window)) {
    std::vector<double> deviations;
    double sum = 0;
    for (const double x : window) {
      deviations.push_back(std::abs(x - median));
      sum += deviations.back();
    }
    scale = 1.4826 * NaiveMedian(deviations);
    if (scale == 0) scale = 1.253314 * sum / static_cast<double>(window.size());
  }
};

void ExpectMatchesReference(const std::vector<double>& values, size_t window) {
  const auto detector = MakeDetector(
      MadType(), {{"window", static_cast<double>(window)}, {"threshold", 3}, {"min_samples", 10}});
  const auto anomalies = Detect(detector.get(), Series(values));
  size_t next = 0;
  for (size_t i = std::min<size_t>(10, window); i < values.size(); ++i) {
    const size_t begin = i < window ? 0 : i - window;
    const Reference want({values.begin() + static_cast<std::ptrdiff_t>(begin),
                          values.begin() + static_cast<std::ptrdiff_t>(i)});
    const double distance = std::abs(values[i] - want.median);
    const bool flagged = next < anomalies.size() && anomalies[next].row == i;
    ASSERT_EQ(flagged, distance > 3 * want.scale) << i;
    if (!flagged) continue;
    const Anomaly& anomaly = anomalies[next++];
    EXPECT_EQ(anomaly.expected, want.median);
    EXPECT_NEAR(anomaly.upper, want.median + 3 * want.scale, 1e-12 * std::abs(want.median) + 1e-12);
    if (want.scale > 0) {
      EXPECT_NEAR(anomaly.score * 3 * want.scale, distance, 1e-9 * distance);
      EXPECT_EQ(anomaly.severity,
                distance >= 7 * want.scale ? Severity::kCritical : Severity::kWarning);
    }
  }
  EXPECT_EQ(next, anomalies.size());
  EXPECT_GT(next, 10U);
}

TEST(MadTest, MatchesReference) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> noise;
  std::vector<double> smooth, coarse;
  for (int i = 0; i < 2000; ++i) {
    const double x = noise(random) * (random() % 40 == 0 ? 20 : 1);
    smooth.push_back(1000 + x);
    coarse.push_back(std::round(x / 3));  // mostly 0: the median deviation is often 0
  }
  for (const size_t window : {3, 5, 10, 11, 64, 120}) {
    ExpectMatchesReference(smooth, window);
    ExpectMatchesReference(coarse, window);
  }
}

TEST(MadTest, SpikesDoNotHideEachOther) {
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) values.push_back(i % 5);
  for (int i = 0; i < 20; ++i) values.push_back(1000);
  const auto detector = MakeDetector(MadType());
  EXPECT_EQ(Detect(detector.get(), Series(values)).size(), 20U);
}

TEST(MadTest, ChangeOfConstantWindowIsCritical) {
  std::vector<double> values(500, 7);
  values.push_back(7.5);
  const auto anomalies = Detect(MakeDetector(MadType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].reason, "constant");
  EXPECT_EQ(anomalies[0].severity, Severity::kCritical);
}

TEST(MadTest, HugeReadingsAreFlaggedNotLearned) {
  const double kMax = std::numeric_limits<double>::max();
  std::vector<double> values;
  for (int i = 0; i < 50; ++i) values.push_back(i % 2);
  for (int i = 0; i < 200; ++i) values.push_back(i % 2 == 0 ? kMax : -kMax);
  const auto anomalies = Detect(MakeDetector(MadType()).get(), Series(values));
  ASSERT_EQ(anomalies.size(), 200U);
  for (const Anomaly& anomaly : anomalies) EXPECT_TRUE(std::isfinite(anomaly.score));
}

TEST(MadTest, ExplainsInOneSentence) {
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) values.push_back(20 + i % 5);
  values.push_back(40);
  const auto detector = MakeDetector(MadType());
  const auto anomalies = Detect(detector.get(), Series(values));
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(detector->Explain(anomalies[0], "temperature"),
            "temperature was 40, 12.1 robust standard deviations above its median of 22 (expected "
            "17 to 27)");
}

}  // namespace
}  // namespace avocet
