#include "src/detect/auto/week_kinds.h"

#include <gtest/gtest.h>

#include <vector>

namespace avocet::auto_detect {
namespace {

TEST(WeekKindsTest, WhatWasSoTwiceInARowIsUsual) {
  const auto after = [](const std::vector<int>& seen) {
    WeekKinds kinds{};
    for (const int each : seen) kinds.Learn(6, 5, static_cast<uint8_t>(each));
    EXPECT_EQ(kinds.Get(6, 4), WeekKinds::kUsual);
    EXPECT_EQ(kinds.Get(0, 0), WeekKinds::kUsual);
    return kinds.Get(6, 5);
  };
  constexpr int kUsual = WeekKinds::kSeenUsual, kOther = WeekKinds::kSeenOther;
  constexpr int kFirst = WeekKinds::kSeenFirst;
  EXPECT_EQ(after({}), WeekKinds::kUsual);
  EXPECT_EQ(after({kFirst}), WeekKinds::kPerhapsOther);
  EXPECT_EQ(after({kFirst, kUsual}), WeekKinds::kUsual);
  EXPECT_EQ(after({kFirst, 0}), WeekKinds::kUsual);
  EXPECT_EQ(after({kFirst, kFirst}), WeekKinds::kPerhapsOther);
  EXPECT_EQ(after({kFirst, kOther}), WeekKinds::kOther);
  EXPECT_EQ(after({kOther, kOther, kUsual}), WeekKinds::kPerhapsUsual);
  EXPECT_EQ(after({kOther, kOther, kUsual, kOther}), WeekKinds::kOther);
  EXPECT_EQ(after({kOther, kOther, kUsual, kUsual}), WeekKinds::kUsual);
  // Both within four hours: either may be.
  EXPECT_EQ(after({kUsual | kOther, kUsual | kOther}), WeekKinds::kPerhapsOther);
  EXPECT_EQ(after({kOther, kOther, kUsual | kOther}), WeekKinds::kPerhapsUsual);
}

TEST(WeekKindsTest, AHabitEndsWhatWasOther) {
  WeekKinds kinds{};
  for (int day = 0; day < WeekKinds::kDays; ++day) {
    kinds.Learn(day, 2, WeekKinds::kSeenOther);
    kinds.Learn(day, 2, WeekKinds::kSeenOther);
  }
  kinds.Learn(3, 4, WeekKinds::kSeenOther);
  EXPECT_TRUE(kinds.HasOther());
  EXPECT_TRUE(kinds.HasOther(2));
  EXPECT_FALSE(kinds.HasOther(4));
  EXPECT_FALSE(kinds.AreUsual(4));
  kinds.Learn(5, 2, WeekKinds::kSeenHabit);
  EXPECT_TRUE(kinds.AreUsual(2));
  EXPECT_FALSE(kinds.HasOther());
  EXPECT_EQ(kinds.Get(3, 4), WeekKinds::kPerhapsOther);
}

}  // namespace
}  // namespace avocet::auto_detect
