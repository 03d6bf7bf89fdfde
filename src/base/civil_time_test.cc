#include "src/base/civil_time.h"

#include <gtest/gtest.h>

#include <limits>

namespace avocet {
namespace {

TEST(CivilTime, DatesOfKnownDays) {
  const auto f = [](int64_t days, const CivilDate& want) {
    EXPECT_EQ(CivilFromDays(days), want) << days;
    EXPECT_EQ(DaysFromCivil(want), days) << days;
  };
  f(0, {1970, 1, 1});
  f(-1, {1969, 12, 31});
  f(59, {1970, 3, 1});
  f(11'016, {2000, 2, 29});
  f(18'793, {2021, 6, 15});
  f(-719'468, {0, 3, 1});
  f(-719'529, {-1, 12, 31});
  f(2'932'896, {9999, 12, 31});
}

TEST(CivilTime, EveryDayOfEightCenturiesFollowsItsPredecessor) {
  CivilDate previous = CivilFromDays(-146'098);
  for (int64_t days = -146'097; days <= 146'097; ++days) {
    const CivilDate date = CivilFromDays(days);
    ASSERT_EQ(DaysFromCivil(date), days);
    const bool next_day = date.month == previous.month && date.day == previous.day + 1;
    const bool first_of_month = date.day == 1 && previous.day >= 28;
    ASSERT_TRUE(next_day || first_of_month) << days;
    previous = date;
  }
}

TEST(CivilTime, InstantsBeforeTheEpochRoundDown) {
  EXPECT_EQ(DaysFromMicros(-1), -1);
  EXPECT_EQ(DaysFromMicros(0), 0);
  EXPECT_EQ(DaysFromMicros(-kMicrosPerDay), -1);
  EXPECT_EQ(DaysFromMicros(-kMicrosPerDay - 1), -2);
  const int64_t first = DaysFromMicros(std::numeric_limits<int64_t>::min());
  EXPECT_EQ(DaysFromCivil(CivilFromDays(first)), first);
}

}  // namespace
}  // namespace avocet
