// The views of novelty, each against numbers worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include "src/detect/auto/coarse_numbers.h"
#include "src/detect/auto/fleet_view.h"
#include "src/detect/auto/level_rarity.h"
#include "src/detect/auto/level_watch.h"
#include "src/detect/auto/novelty.h"
#include "src/detect/auto/outlier_limit.h"
#include "src/detect/auto/quick_log.h"
#include "src/detect/auto/range_histogram.h"
#include "src/detect/auto/short_float.h"
#include "src/detect/auto/standard_rarity.h"
#include "src/detect/auto/tail_rarity.h"
#include "src/detect/auto/view_gate.h"

namespace avocet::auto_detect {
namespace {

TEST(QuickLogTest, IsAsNearAsItSays) {
  EXPECT_EQ(QuickLog(1), 0);
  for (float x = 1.2e-38F; x < 3e38F; x *= 1.0137F) {
    const double exact = std::log(static_cast<double>(x));
    ASSERT_NEAR(static_cast<double>(QuickLog(x)), exact, 4e-7 * std::max(1.0, std::abs(exact)))
        << x;
  }
}

TEST(RangeHistogramTest, CountsWithinAShareOfTheRange) {
  RangeHistogram<double, 128> histogram{};
  // 0 to 31: bins of 4 * 31 / 128 = 0.96875 around 15.5, from -46.5 on.
  for (int i = 0; i < 32; ++i) histogram.WarmUp(i);
  ASSERT_TRUE(histogram.ready());
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 31);
  float counts[2];
  // The bins next to 15.5 hold 15 and 16; those within 0.2 * 31 of it hold 10 to 21.
  histogram.Count(15.5, {0.001F, 0.2F}, counts);
  EXPECT_EQ(counts[0], 2);
  EXPECT_EQ(counts[1], 12);
  histogram.Count(60, {0.001F, 0.2F}, counts);
  EXPECT_EQ(counts[0], 0);
  // 32 values: log10(33 / 0.2) for what was never seen.
  EXPECT_NEAR(histogram.Rarity(0), std::log10(33 / 0.2), 1e-6);
  EXPECT_NEAR(histogram.Rarity(32), std::log10(33 / 32.2), 1e-6);
}

TEST(RangeHistogramTest, DoublesItsRangeAndKeepsItsCounts) {
  RangeHistogram<double, 128> histogram{};
  for (int i = 0; i < 32; ++i) histogram.WarmUp(i);
  float counts[1];
  histogram.Count(150, {1.0F}, counts);
  EXPECT_EQ(counts[0], 0);
  histogram.Add(150);
  EXPECT_EQ(histogram.max(), 150);
  histogram.Count(15, {1.0F}, counts);
  EXPECT_EQ(counts[0], 33);
}

TEST(RangeHistogramTest, OneBrokenValueDoesNotCostTheResolution) {
  RangeHistogram<double, 128> histogram{};
  for (int i = 0; i < 32; ++i) histogram.WarmUp(i);
  float counts[1];
  histogram.Count(1e40, {0.01F}, counts);
  histogram.Add(1e40);
  EXPECT_LT(histogram.max(), 500);
  histogram.Count(200, {0.01F}, counts);
  EXPECT_EQ(counts[0], 0);
  EXPECT_TRUE(histogram.IsPlausible());
}

TEST(RangeHistogramTest, ConstantSeriesHaveRoomForChange) {
  RangeHistogram<double, 128> histogram{};
  for (int i = 0; i < 32; ++i) histogram.WarmUp(20);
  float counts[1];
  histogram.Count(20, {0.01F}, counts);
  EXPECT_EQ(counts[0], 32);
  histogram.Count(21, {0.01F}, counts);
  EXPECT_EQ(counts[0], 0);
}

TEST(RangeHistogramTest, FullCountsAreHalved) {
  RangeHistogram<float, 64> histogram{};
  for (int i = 0; i < 32; ++i) histogram.WarmUp(static_cast<float>(i));
  float counts[1];
  for (int i = 0; i < 70'000; ++i) {
    histogram.Count(5, {0.01F}, counts);
    histogram.Add(5);
  }
  EXPECT_GT(counts[0], 30'000);
  EXPECT_LT(counts[0], 65'536);
  EXPECT_TRUE(histogram.IsPlausible());
}

TEST(LevelRarityTest, UnseenLevelsAreRareOnesSeenAreNot) {
  LevelRarity level{};
  uint32_t step = 0;
  for (; step < 1000; ++step) level.Update(step % 10, step);
  const float usual = level.Update(5, step++);
  EXPECT_LT(usual, 1.1F);  // one in ten
  EXPECT_NEAR(level.Update(20, step++), std::log10(1002 / 0.2), 0.01);
}

TEST(LevelRarityTest, SeriesThatNeverRepeatThemselvesWidenTheBand) {
  LevelRarity level{};
  // A staircase: each level is new to the narrow bands again and again.
  float last = 0;
  for (uint32_t step = 0; step < 4000; ++step) last = level.Update(step / 150 * 10, step);
  EXPECT_LT(last, 2);
}

TEST(TailRarityTest, RarityIsTheShareOfLargerValues) {
  TailRarity tail{};
  for (int i = 0; i < 99; ++i) tail.Update(i % 2 == 0 ? 1.0F : 10.0F);
  // All larger or equal but none larger than 100: log10(100 / 0.2), plus a decade beyond the
  // largest.
  EXPECT_NEAR(tail.Update(100), std::log10(100 / 0.2) + 1, 0.01);
  EXPECT_NEAR(tail.Update(0.01F), std::log10(101 / 100.2), 0.01);
}

TEST(LevelShiftTest, AMeanThatMovesIsRare) {
  LevelShift shift{};
  uint32_t step = 0;
  float before = 0;
  for (; step < 2000; ++step) before = std::max(before * 0.99F, shift.Update(step % 2, step));
  float after = 0;
  for (; step < 2040; ++step) after = std::max(after, shift.Update(5 + step % 2, step));
  EXPECT_GT(after, before + 1);
}

TEST(LagDifferenceTest, AChangeOfUnusualSizeIsRare) {
  LagDifference change{};
  for (uint32_t step = 0; step < 1000; ++step) change.Update(step % 3, (step + 2) % 3, step);
  EXPECT_NEAR(change.Update(30, 1, 1000), std::log10(1001 / 0.2), 0.05);
}

TEST(FlatRunTest, ComparesWithTheLongestRun) {
  FlatRun flat{};
  for (int i = 0; i < 5; ++i) flat.Update(true);
  flat.Update(false);
  float last = 0;
  for (int i = 0; i < 8; ++i) last = flat.Update(true);
  EXPECT_FLOAT_EQ(last, 1);  // 8 / (5 + 3)
  for (int i = 0; i < 100; ++i) last = flat.Update(true);
  EXPECT_FLOAT_EQ(last, 4);
}

TEST(ViewGateTest, AViewThatBreaksItsRecordAgainAndAgainIsSilenced) {
  ViewGate gate{};
  uint32_t step = 0;
  for (; step < 200; ++step) gate.Pass(1, step);
  float rarity = 1;
  EXPECT_EQ(gate.Pass(rarity *= 1.5F, step), rarity);
  EXPECT_EQ(gate.Pass(rarity *= 1.5F, step + 200), rarity);
  EXPECT_EQ(gate.Pass(rarity *= 1.5F, step + 400), 0);
  EXPECT_FALSE(gate.IsOpen(step + 400));
  EXPECT_TRUE(gate.IsOpen(step + 4000));
}

constexpr LevelRule kRule = {.rate = 1,
                             .slowest = 0.002F,
                             .judges_after = 48,
                             .floor = 5,
                             .record_factor = 1.2F,
                             .memory = 0.9995F};

/// After 300 values between -1 and 1, whose 0.9 quantile is about 0.9.
LevelWatch OrdinaryLevel() {
  LevelWatch level{};
  for (int i = 0; i < 300; ++i) {
    level.Update(static_cast<float>((i * 7919) % 101 - 50) / 50, kRule, true);
  }
  return level;
}

TEST(LevelWatchTest, ASlowDriftDoesNotRaiseItsOwnLimit) {
  LevelWatch level = OrdinaryLevel();
  EXPECT_NEAR(level.deviation(), 0.9 / 1.645, 0.1);
  EXPECT_FALSE(level.is_away());
  int steps = 0;
  while (level.Update(0.05F * static_cast<float>(steps), kRule, true) <= 1) {
    ASSERT_LT(++steps, 100);
  }
  // Five deviations are 2.7.
  EXPECT_GT(steps, 48);
  EXPECT_TRUE(level.is_away());
}

TEST(LevelWatchTest, AnExcursionThatIsOverWidensWhatIsOrdinaryALittle) {
  LevelWatch level = OrdinaryLevel();
  const float once = level.Update(4, kRule, true);
  EXPECT_GT(once, 1);
  EXPECT_NEAR(level.Update(4, kRule, true), once, 0.05);
  level.Update(0, kRule, true);
  EXPECT_FALSE(level.is_away());
  const float again = level.Update(4, kRule, true);
  EXPECT_LT(again, once);
  EXPECT_GT(again, 1);
}

// While an anomaly lasts nothing is learned, and its excursion is over before it is.
TEST(LevelWatchTest, AFaultIsRememberedWhereTheRuleSaysSo) {
  const auto again = [](bool keeps_faults) {
    LevelRule rule = kRule;
    rule.keeps_faults = keeps_faults;
    rule.growth = 1.4F;
    LevelWatch level = OrdinaryLevel();
    const float once = level.Update(4, rule, true);
    level.Update(0, rule, false);
    return once / level.Update(4, rule, true);
  };
  EXPECT_NEAR(again(false), 1, 0.01);
  EXPECT_NEAR(again(true), 1.4, 0.01);
}

TEST(OutlierLimitTest, ALongTailMovesTheLimitFurtherThanAShortOne) {
  // One value in 500 is in the tail, 4 to 5 or 4 to 14; all others are below 3.
  const auto largest_after = [](float tail) {
    OutlierLimit limit{};
    for (int i = 0; i < 100'000; ++i) {
      const float part = static_cast<float>((i * 7919) % 101) / 101;
      limit.Update(i % 500 == 0 ? 4 + tail * part : 3 * part, {}, i > 200, true);
    }
    return 30 / limit.Update(30, {}, true, true);
  };
  const float near = largest_after(1);
  EXPECT_GT(near, 9);
  EXPECT_LT(near, 20);
  EXPECT_GT(largest_after(10), near + 10);
}

TEST(OutlierLimitTest, WhatWasSeenOnOneSideIsOrdinaryOnTheOther) {
  constexpr OutlierRule kSpikeRule = {};
  OutlierLimit up{}, down{};
  up.Update(5, kSpikeRule, true, true);
  down.LearnFrom(up);
  EXPECT_FLOAT_EQ(down.Update(8, kSpikeRule, true, true), 8 / (kSpikeRule.record_factor * 5));
}

TEST(FleetViewTest, ForetellsTheNextMedianFromTheLastTwo) {
  FleetView fleet{};
  const auto next = [&](int64_t bucket, float median) {
    fleet.Add({.bucket = bucket, .median = median, .devices = 5});
    return fleet.newest().next;
  };
  EXPECT_EQ(next(7, 2), 2);
  EXPECT_EQ(next(8, 5), 8);
  EXPECT_EQ(next(9, 4), 3);
  EXPECT_EQ(next(11, 6), 6);  // after a hole
}

TEST(ShortFloatTest, KeepsSixteenBits) {
  ShortFloat number{};
  EXPECT_EQ(number.Get(), 0);
  for (const float x : {1.0F, -21.37F, 3e-20F, 7.7e29F, 65'537.0F, -0.1F}) {
    number.Set(x);
    EXPECT_NEAR(number.Get(), x, std::abs(x) / 65'536) << x;
  }
}

TEST(CoarseNumbersTest, KeepsNumbersToAHundredthOfTheLargest) {
  CoarseNumbers<4> numbers{};
  EXPECT_EQ(numbers.Get(0), 0);
  numbers.Set(0, 3);
  EXPECT_EQ(numbers.Get(0), 3);
  numbers.Set(1, -600);
  EXPECT_NEAR(numbers.Get(0), 3, 6);
  EXPECT_NEAR(numbers.Get(1), -600, 6);
  // The unit follows what there is.
  numbers.Set(0, 0);
  numbers.Set(1, 0);
  numbers.Set(2, 1e-6);
  EXPECT_NEAR(numbers.Get(2), 1e-6, 1e-8);
  EXPECT_EQ(numbers.Get(1), 0);
  numbers.Clear();
  EXPECT_EQ(numbers.Get(2), 0);
}

TEST(ArResidualTest, LearnsAnOscillationAndForetellsIt) {
  auto model = std::make_unique<ArResidual>();
  double lags[3] = {0, 0, 0};
  ArResidual::Result result;
  const auto feed = [&](double x) {
    result = model->Update(x, lags, {.memory = 0.9995F, .young = 0}, 0);
    lags[2] = lags[1];
    lags[1] = lags[0];
    lags[0] = x;
  };
  int i = 0;
  const auto wave = [&] {
    ++i;
    return 20 + 5 * std::sin(i * 0.3) + 0.01 * ((i * 7919) % 13 - 6);
  };
  for (; i < 2000;) feed(wave());
  const double next = wave();
  feed(next);
  EXPECT_NEAR(result.predicted, next, 1);
  EXPECT_LT(std::abs(result.z), 4);
  wave();
  feed(30);
  EXPECT_GT(result.z, 20);
  EXPECT_TRUE(model->IsPlausible());
}

TEST(ArResidualTest, AHugeValueAmongFewDoesNotHideItself) {
  const auto size_of = [](uint32_t young) {
    ArResidual model{};
    double lags[3] = {0, 0, 0};
    ArResidual::Result result;
    for (int i = 0; i <= 100; ++i) {
      const double x = i == 100 ? 1000 : (i * 7919) % 13 - 6;
      result = model.Update(x, lags, {.memory = 0.9998F, .young = young}, 0);
      std::copy_backward(lags, lags + 2, lags + 3);
      lags[0] = x;
    }
    return result.z;
  };
  EXPECT_LT(size_of(0), 15);
  EXPECT_GT(size_of(1000), 200);
}

TEST(NoveltyTest, IsSilentOnAnOrdinarySeriesAndRaisesItsRecordWhenSomethingNewHappens) {
  auto novelty = std::make_unique<Novelty>();
  int fired = 0;
  const auto value = [](int step) {
    return 20 + 5 * std::sin(step * 2 * 3.14159265 / 288) + 0.1 * ((step * 7919) % 101 - 50) / 50;
  };
  int step = 0;
  for (; step < 288 * 14; ++step) {
    const auto result = novelty->Update(value(step));
    fired += step > 600 && result.record > 1 ? 1 : 0;
  }
  EXPECT_LE(fired, 2);
  const auto result = novelty->Update(60);
  EXPECT_GT(result.record, 1);
  EXPECT_GT(result.views[kLevelView], 3);
  EXPECT_TRUE(novelty->IsPlausible());
}

// Of noise so low that the days are alike, for months.
TEST(NoveltyTest, WhatComesEveryDayIsNotNovel) {
  const auto novelty = std::make_unique<Novelty>();
  std::mt19937_64 random(2);
  std::normal_distribution<double> noise(0, 0.005);
  int fired = 0;
  for (int step = 0; step < 288 * 7 * 16; ++step) {
    const double course = 3 * std::cos(step * 2 * 3.14159265 / 288);
    fired += novelty->Update(20 - course + noise(random)).record > 1 && step > 288 * 7 ? 1 : 0;
  }
  EXPECT_LE(fired, 10);
  EXPECT_GT(novelty->Update(28).record, 1);
}

}  // namespace
}  // namespace avocet::auto_detect
