#include "src/state/metric_trend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace avocet {
namespace {

const double kNone = std::nan("");

/// Hours of a level that rises to a limit, with a daily course and noise that remembers itself.
struct Course {
  double slope = 0;
  double swing = 0;
  double noise = 1;
  double memory = 0;  ///< correlation of the noise with that of the hour before
  double missing = 0;

  std::vector<float> Make(size_t hours, std::mt19937_64* random) const {
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> chance;
    std::vector<float> means;
    double rest = noise * normal(*random);
    const double phase = chance(*random) * 2 * M_PI;
    for (size_t i = 0; i < hours; ++i) {
      rest = memory * rest + std::sqrt(1 - memory * memory) * noise * normal(*random);
      const auto hour = static_cast<double>(i);
      const double value = slope * hour + swing * std::sin(hour * 2 * M_PI / 24 + phase) + rest;
      means.push_back(static_cast<float>(chance(*random) < missing ? kNone : value));
    }
    return means;
  }
};

TEST(MetricTrendTest, AStraightLineReachesItsLimitWhenItDoes) {
  std::vector<float> means;
  for (int i = 0; i < 48; ++i) means.push_back(static_cast<float>(10 + 0.5 * i));
  const auto trend = FindTrend(means, kNone, 40);
  ASSERT_TRUE(trend);
  EXPECT_DOUBLE_EQ(trend->per_hour, 0.5);
  EXPECT_DOUBLE_EQ(trend->level, 33.5);
  EXPECT_DOUBLE_EQ(trend->limit, 40);
  EXPECT_DOUBLE_EQ(trend->hours, 13);
  EXPECT_DOUBLE_EQ(trend->hours_low, 13);
  EXPECT_DOUBLE_EQ(trend->hours_high, 13);
}

TEST(MetricTrendTest, AFallingLineReachesTheLowerLimit) {
  std::vector<float> means;
  for (int i = 0; i < 48; ++i) means.push_back(static_cast<float>(-0.25 * i));
  EXPECT_DOUBLE_EQ(FindTrend(means, -20, 0)->hours, (20 - 0.25 * 47) / 0.25);
  const auto open = FindTrend(means, kNone, 100);  // it moves away from the only limit
  ASSERT_TRUE(open);
  EXPECT_TRUE(std::isnan(open->limit));
  EXPECT_TRUE(std::isnan(open->hours));
  EXPECT_DOUBLE_EQ(FindTrend(means, 0, kNone)->hours, 0);     // it is beyond
  EXPECT_TRUE(std::isnan(FindTrend(means, -1e4, 0)->hours));  // too far away to be told
}

TEST(MetricTrendTest, NoiseAndDailyCoursesAreNoTrends) {
  std::mt19937_64 random(11);
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    const Course course{.swing = i % 2 == 0 ? 10.0 : 0.0, .memory = i % 3 == 0 ? 0.5 : 0.0};
    found += FindTrend(course.Make(168, &random), -50, 50) ? 1 : 0;
  }
  EXPECT_LT(found, 25);  // 1 % by chance; more where hours resemble each other
}

TEST(MetricTrendTest, TooFewHoursSayNothing) {
  std::vector<float> means(168, static_cast<float>(kNone));
  EXPECT_FALSE(FindTrend(means, 0, 1));
  for (size_t i = 168 - 71; i < 168; ++i) means[i] = static_cast<float>(i);
  EXPECT_FALSE(FindTrend(means, 0, 1e9));
  EXPECT_FALSE(FindTrend(std::vector<float>{}, 0, 1));
  EXPECT_FALSE(FindTrend(std::vector<float>(168, 5), 0, 10));  // constant
}

TEST(MetricTrendTest, OneWildHourInTenChangesLittle) {
  std::mt19937_64 random(12);
  std::vector<float> means = Course{.slope = 0.1, .noise = 0.5}.Make(168, &random);
  const double clean = FindTrend(means, kNone, 40)->hours;
  for (size_t i = 5; i < means.size(); i += 10) means[i] = 1e6;
  EXPECT_NEAR(FindTrend(means, kNone, 40)->hours, clean, 0.1 * clean);
}

// How often the interval holds what it promises; docs/health.md has the numbers.
TEST(MetricTrendTest, TheIntervalCoversEightyPercent) {
  std::mt19937_64 random(20261129);
  std::uniform_real_distribution<double> chance;
  int all = 0, covered = 0;
  for (int i = 0; i < 1500; ++i) {
    const Course course{.slope = 0.005 * std::pow(20, chance(random)),
                        .swing = 4 * chance(random),
                        .memory = 0.6 * chance(random),
                        .missing = 0.2 * chance(random)};
    const double reached = 168 * (1.1 + 2 * chance(random));  // hours from the first one on
    const double limit = course.slope * reached + course.swing;
    const auto trend = FindTrend(course.Make(168, &random), kNone, limit);
    if (!trend || std::isnan(trend->hours)) continue;
    ++all;
    const double truth = reached - 167;
    covered += trend->hours_low <= truth && truth <= trend->hours_high ? 1 : 0;
    EXPECT_LE(trend->hours_low, trend->hours);
    EXPECT_LE(trend->hours, trend->hours_high);
  }
  const double share = static_cast<double>(covered) / all;
  RecordProperty("coverage_percent", static_cast<int>(std::lround(100 * share)));
  std::printf("covered %d of %d: %.3f\n", covered, all, share);
  EXPECT_GT(all, 700);
  EXPECT_GT(share, 0.76);
  EXPECT_LT(share, 0.86);
}

}  // namespace
}  // namespace avocet
