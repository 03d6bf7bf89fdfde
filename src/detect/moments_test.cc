#include "src/detect/moments.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "src/detect/moments_window.h"

namespace avocet {
namespace {

// In extended precision, counted from the first value: the sum of millions of large numbers would
// be off by more than what is tested.
struct TwoPass {
  long double mean = 0, std = 0;

  explicit TwoPass(const std::vector<double>& values) {
    const long double origin = values[0];
    for (const double x : values) mean += x - origin;
    mean = mean / static_cast<long double>(values.size()) + origin;
    long double sum = 0;
    for (const double x : values) sum += (x - mean) * (x - mean);
    std = std::sqrt(sum / static_cast<long double>(values.size() - 1));
  }
};

void ExpectClose(const Moments& moments, const TwoPass& want, double tolerance) {
  const long double mean = static_cast<long double>(moments.mean) + moments.mean_low;
  EXPECT_LT(std::abs((moments.Std() - want.std) / want.std), tolerance);
  // The mean is wanted to a fraction of the spread, not only of itself.
  EXPECT_LT(std::abs(mean - want.mean), tolerance * want.std);
}

TEST(MomentsTest, ThreeMillionReadingsWithALargeOffset) {
  for (const double offset : {0.0, 1e9, -1e12}) {
    std::mt19937_64 random(3);
    std::normal_distribution<double> noise;
    std::vector<double> values;
    Moments moments;
    for (int i = 0; i < 3'000'000; ++i) {
      values.push_back(offset + noise(random));
      moments.Add(values.back());
    }
    ExpectClose(moments, TwoPass(values), 1e-9);
  }
}

TEST(MomentsTest, ConstantSeriesHasNoSpread) {
  for (const double x : {0.1, 1e9 + 0.1, -1e-30, 1e50, 0.0, 1.0 / 3}) {
    Moments moments;
    for (int i = 0; i < 1'000'000; ++i) moments.Add(x);
    EXPECT_EQ(moments.Std(), 0.0);
    EXPECT_EQ(moments.Deviation(x), 0.0);
  }
}

TEST(MomentsTest, SlowDriftOverMillionsOfReadings) {
  std::vector<double> values;
  Moments moments;
  for (int i = 0; i < 3'000'000; ++i) {
    values.push_back(1e9 + 1e-6 * i);
    moments.Add(values.back());
  }
  ExpectClose(moments, TwoPass(values), 1e-9);
}

TEST(MomentsTest, MergeEqualsAddingAll) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise;
  std::vector<double> values;
  Moments first, second;
  for (int i = 0; i < 5000; ++i) {
    values.push_back(1e9 + noise(random) + (i < 3000 ? 0 : 4));
    (i < 3000 ? first : second).Add(values.back());
  }
  ExpectClose(Moments::Merge(first, second), TwoPass(values), 1e-11);
  EXPECT_EQ(Moments::Merge(first, Moments()).m2, first.m2);
  EXPECT_EQ(Moments::Merge(Moments(), first).m2, first.m2);
}

TEST(MomentsTest, CountStopsAtItsEnd) {
  Moments moments;
  moments.Add(1);
  moments.count = UINT32_MAX;
  moments.Add(2);
  EXPECT_EQ(moments.count, UINT32_MAX);
}

TEST(MomentsWindowTest, HoldsExactlyTheLastReadings) {
  for (const uint32_t window : {2U, 3U, 10U, 64U}) {
    std::mt19937_64 random(window);
    std::normal_distribution<double> noise;
    std::vector<double> block(MomentsWindow::BlockSize(window));
    std::vector<double> values;
    MomentsWindow moments;
    for (uint32_t i = 0; i < 5 * window + 3; ++i) {
      const Moments current = moments.Current(block.data(), window);
      ASSERT_EQ(current.count, std::min(i, window));
      if (current.count >= 2) {
        const std::vector<double> last(values.end() - current.count, values.end());
        ExpectClose(current, TwoPass(last), 1e-9);
      }
      ASSERT_TRUE(moments.IsPlausible(block.data(), window));
      values.push_back(1e9 + noise(random));
      moments.Add(block.data(), window, values.back());
    }
  }
}

}  // namespace
}  // namespace avocet
