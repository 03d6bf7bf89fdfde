#include "src/cli/series_sketch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(SeriesSketch, AShortSeriesKeepsEachReading) {
  SeriesSketch sketch;
  for (int64_t i = 0; i < 10; ++i) {
    sketch.Add(1'000'000 + i * 1'000, static_cast<double>(i), 5, 4, 6);
  }
  ASSERT_EQ(sketch.columns().size(), 10u);
  EXPECT_EQ(sketch.begin_us(), 1'000'000);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(sketch.columns()[i].max, static_cast<double>(i));
}

TEST(SeriesSketch, ALongSeriesKeepsItsExtremesAndItsPlaceInTime) {
  SeriesSketch sketch;
  constexpr int64_t kSecond = 1'000'000, kCount = 100'000;
  for (int64_t i = 0; i < kCount; ++i) {
    const double value = i == 70'000 ? 99 : i == 20'000 ? -99 : 1;
    sketch.Add(i * kSecond, value, kNone, kNone, kNone);
  }
  const auto& columns = sketch.columns();
  ASSERT_LE(columns.size(), SeriesSketch::kColumns);
  ASSERT_GT(columns.size(), SeriesSketch::kColumns / 2);
  for (size_t i = 0; i < columns.size(); ++i) {
    const int64_t from = static_cast<int64_t>(i) * sketch.column_us();
    const auto holds = [&](int64_t at) {
      return from <= at * kSecond && at * kSecond < from + sketch.column_us();
    };
    EXPECT_EQ(columns[i].max, holds(70'000) ? 99 : 1) << i;
    EXPECT_EQ(columns[i].min, holds(20'000) ? -99 : 1) << i;
    EXPECT_TRUE(std::isnan(columns[i].expected));
  }
}

TEST(SeriesSketch, TimesOfAllKindsHaveAColumn) {
  SeriesSketch sketch;
  sketch.Add(std::numeric_limits<int64_t>::min() + 1, 1, kNone, kNone, kNone);
  sketch.Add(std::numeric_limits<int64_t>::max(), 2, kNone, kNone, kNone);
  sketch.Add(std::numeric_limits<int64_t>::min(), 3, kNone, kNone, kNone);
  ASSERT_FALSE(sketch.columns().empty());
  EXPECT_LE(sketch.columns().size(), SeriesSketch::kColumns);
  EXPECT_EQ(sketch.columns().front().max, 3);
  EXPECT_EQ(sketch.columns().back().max, 2);
}

TEST(SeriesSketch, ABandIsThatOfTheLastReadingWithOne) {
  SeriesSketch sketch;
  sketch.Add(0, 1, 10, 9, 11);
  sketch.Add(1, 2, kNone, kNone, kNone);
  ASSERT_EQ(sketch.columns().size(), 1u);
  EXPECT_EQ(sketch.columns()[0].lower, 9);
  EXPECT_EQ(sketch.columns()[0].upper, 11);
  EXPECT_EQ(sketch.columns()[0].min, 1);
  EXPECT_EQ(sketch.columns()[0].max, 2);
}

}  // namespace
}  // namespace avocet
