#include "src/detect/auto/season.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "src/base/civil_time.h"

namespace avocet::auto_detect {
namespace {

constexpr int64_t kPeriodUs = kMicrosPerMinute;
constexpr float kPeriodS = 60;

int64_t At(int day, double hour) {
  return day * kMicrosPerDay + static_cast<int64_t>(hour * static_cast<double>(kMicrosPerHour));
}

/// A day of readings of 10, but for `odd` more from 8 to 10 o'clock, which are doubtful or not. A
/// wobble, so that days differ as they do.
void LearnDay(Season* season, int day, double odd, bool doubtful, bool alone = true) {
  for (int64_t time = At(day, 0); time < At(day + 1, 0); time += kPeriodUs) {
    const bool in_fault = time >= At(day, 8) && time < At(day, 10);
    const double wobble = 0.1 * static_cast<double>((time / kMicrosPerHour) % 5);
    season->Learn(season->PlaceOf(time), 10 + wobble + (in_fault ? odd : 0), kPeriodS,
                  in_fault && doubtful, alone);
  }
}

Season::Usual UsualAt(const Season& season, int64_t time_us, double x = 10) {
  Season::Usual usual;
  EXPECT_TRUE(season.Expect(season.PlaceOf(time_us), x, 0.1, true, &usual));
  return usual;
}

TEST(SeasonTest, IsUnknownOnTheFirstDay) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  Season::Usual usual;
  EXPECT_FALSE(season.Expect(season.PlaceOf(At(0, 12)), 10, 0.1, true, &usual));
  LearnDay(&season, 1, 0, false);
  EXPECT_TRUE(season.Expect(season.PlaceOf(At(2, 12)), 10, 0.1, true, &usual));
  EXPECT_NEAR(usual.value, 10.2, 0.3);
  EXPECT_EQ(usual.claimed, usual.value);
}

TEST(SeasonTest, AFaultThatWasLearnedOnTheFirstDayIsCorrectedWithinTwo) {
  Season season{};
  LearnDay(&season, 0, 5, false);
  LearnDay(&season, 1, 0, true);  // looks odd because the first day was
  EXPECT_NEAR(UsualAt(season, At(2, 9)).value, 15, 0.5);
  EXPECT_NEAR(UsualAt(season, At(2, 9)).claimed, 10, 0.5);
  LearnDay(&season, 2, 0, false);
  EXPECT_NEAR(UsualAt(season, At(3, 9)).value, 10, 0.5);
  EXPECT_EQ(UsualAt(season, At(3, 9)).claimed, UsualAt(season, At(3, 9)).value);
}

TEST(SeasonTest, AFaultOfADayIsForgotten) {
  Season season{};
  for (int day = 0; day < 3; ++day) LearnDay(&season, day, 0, false);
  LearnDay(&season, 3, 5, true);
  EXPECT_NEAR(UsualAt(season, At(4, 9)).value, 10, 0.5);
  EXPECT_NEAR(UsualAt(season, At(4, 9)).claimed, 15, 0.5);
  LearnDay(&season, 4, 0, false);
  EXPECT_NEAR(UsualAt(season, At(5, 9)).value, 10, 0.5);
  EXPECT_EQ(UsualAt(season, At(5, 9)).claimed, UsualAt(season, At(5, 9)).value);
}

TEST(SeasonTest, FaultsOfTwoDaysThatAreNotAlikeAreNoHabit) {
  for (const double second : {3.0, 15.0}) {
    Season season{};
    for (int day = 0; day < 3; ++day) LearnDay(&season, day, 0, false);
    LearnDay(&season, 3, 5, true);
    LearnDay(&season, 4, second, true);
    EXPECT_NEAR(UsualAt(season, At(5, 9)).value, 10, 0.5) << second;
    EXPECT_NEAR(UsualAt(season, At(5, 9)).claimed, 10 + second, 0.5) << second;
    LearnDay(&season, 5, second, true);
    EXPECT_NEAR(UsualAt(season, At(6, 9)).value, 10 + second, 0.5) << second;
  }
}

// What the weather does a series does with its peers.
TEST(SeasonTest, AmongPeersADifferenceThatComesTwiceIsBelieved) {
  for (const bool alone : {true, false}) {
    Season season{};
    for (int day = 0; day < 3; ++day) LearnDay(&season, day, 0, false, alone);
    LearnDay(&season, 3, 5, false, alone);
    EXPECT_NEAR(UsualAt(season, At(4, 9)).value, 10, 0.7);
    EXPECT_NEAR(UsualAt(season, At(4, 9)).claimed, alone ? 10 : 15, 0.7);
    LearnDay(&season, 4, 5, false, alone);
    EXPECT_NEAR(UsualAt(season, At(5, 9)).value, alone ? 10 : 15, 1);
  }
}

TEST(SeasonTest, HowMuchTwoDaysDifferIsLearnedWithinHours) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  for (int64_t time = At(1, 0); time < At(2, 0); time += kPeriodUs) {
    const bool in_fault = time >= At(1, 8) && time < At(1, 10);
    const double weather = time < At(1, 1) ? 8 : 0;
    season.Learn(season.PlaceOf(time), 10 + weather + (in_fault ? 4 : 0), kPeriodS, in_fault, true);
  }
  EXPECT_NEAR(UsualAt(season, At(2, 9)).claimed, 14, 0.5);
}

TEST(SeasonTest, ClaimsOfDifferentSizesStandSideBySide) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  LearnDay(&season, 1, 0, false);
  for (int64_t time = At(2, 0); time < At(3, 0); time += kPeriodUs) {
    const double odd = time < At(2, 4) ? 3 : time < At(2, 8) ? -60 : 0;
    season.Learn(season.PlaceOf(time), 10 + odd, kPeriodS, odd != 0, true);
  }
  EXPECT_NEAR(UsualAt(season, At(3, 2)).claimed, 13, 0.6);
  EXPECT_NEAR(UsualAt(season, At(3, 6)).claimed, -50, 0.6);
  EXPECT_TRUE(season.IsPlausible());
}

// On from 6:10 to 22:00, when it is 20 instead of 10.
TEST(SeasonTest, AnythingBetweenTheTwoSidesOfAStepIsUsual) {
  Season season{};
  for (int64_t time = At(0, 0); time < At(2, 0); time += kPeriodUs) {
    const int64_t in_day = time % kMicrosPerDay;
    const bool on = in_day >= At(0, 6) + 10 * kMicrosPerMinute && in_day < At(0, 22);
    season.Learn(season.PlaceOf(time), on ? 20 : 10, kPeriodS, false, true);
  }
  const auto nearest = [&](double hour, double x) { return UsualAt(season, At(2, hour), x).value; };
  for (const double x : {10.0, 13.0, 20.0}) {
    EXPECT_NEAR(nearest(6.05, x), x, 0.01) << x;
    EXPECT_NEAR(nearest(6.45, x), x, 0.01) << x;
    EXPECT_NEAR(nearest(21.8, x), x, 0.01) << x;
    EXPECT_NEAR(nearest(22.2, x), x, 0.01) << x;
    EXPECT_NEAR(nearest(5, x), 10, 0.01) << x;
    EXPECT_NEAR(nearest(7, x), 20, 0.01) << x;
    EXPECT_NEAR(nearest(21, x), 20, 0.01) << x;
    EXPECT_NEAR(nearest(23, x), 10, 0.01) << x;
  }
  EXPECT_NEAR(nearest(6.2, 5), 10, 0.01);
  EXPECT_NEAR(nearest(6.2, 25), 20, 0.01);
}

// However steep a course is, it is known to the minute.
TEST(SeasonTest, ACourseIsNoStep) {
  Season season{};
  const auto course = [](int64_t time_us) {
    const double hour = static_cast<double>(time_us % kMicrosPerDay) / double{kMicrosPerHour};
    const double sun = 100 * std::sin(2 * std::numbers::pi * (hour - 6) / 24);
    return sun + 50 * std::exp(-(hour - 9) * (hour - 9));  // and a rush hour
  };
  for (int64_t time = At(0, 0); time < At(2, 0); time += kPeriodUs) {
    season.Learn(season.PlaceOf(time), course(time), kPeriodS, false, true);
  }
  for (int64_t time = At(2, 0); time < At(3, 0); time += 10 * kMicrosPerMinute) {
    for (const double x : {-200.0, course(time), 200.0}) {
      EXPECT_NEAR(UsualAt(season, time, x).value, course(time), 5) << time / kMicrosPerMinute;
    }
  }
}

TEST(SeasonTest, ANewLevelEndsAllClaims) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  LearnDay(&season, 1, 5, true);
  season.Adopt(At(2, 9), 7);
  EXPECT_NEAR(UsualAt(season, At(2, 9)).value, 17, 0.5);
  EXPECT_EQ(UsualAt(season, At(2, 9)).claimed, UsualAt(season, At(2, 9)).value);
}

/// Days from `from` to the one before `to`, the last two of each seven of which are `odd` more from
/// 8 to 10 o'clock: doubtful where that is not expected, as it would be.
void LearnWeeks(Season* season, int from, int to, double odd) {
  for (int day = from; day < to; ++day) {
    const double more = day % 7 >= 5 ? odd : 0;
    Season::Usual usual;
    const bool expected =
        season->Expect(season->PlaceOf(At(day, 9)), 10 + more, 0.1, true, &usual) &&
        (std::abs(usual.value - 10 - more) < 1 || std::abs(usual.claimed - 10 - more) < 1);
    LearnDay(season, day, more, more != 0 && !expected);
  }
}

TEST(SeasonTest, WhatIsSoOnTwoWeekendsIsUsualOnTheFourth) {
  Season season{};
  LearnWeeks(&season, 0, 7, 0);
  LearnWeeks(&season, 7, 14, 5);
  EXPECT_NEAR(UsualAt(season, At(19, 9)).value, 10, 0.5);
  EXPECT_NEAR(UsualAt(season, At(19, 9)).claimed, 15, 0.5);  // perhaps
  LearnWeeks(&season, 14, 21, 5);
  for (const int day : {26, 27}) {
    EXPECT_NEAR(UsualAt(season, At(day, 9)).value, 15, 0.5) << day;
    EXPECT_NEAR(UsualAt(season, At(day, 9)).claimed, 15, 0.5) << day;
  }
  for (const int day : {21, 25, 28}) {
    EXPECT_NEAR(UsualAt(season, At(day, 9)).value, 10, 0.5) << day;
    EXPECT_NEAR(UsualAt(season, At(day, 9)).claimed, 10, 0.5) << day;
  }
  EXPECT_TRUE(season.IsPlausible());
}

TEST(SeasonTest, AmongPeersThereAreNoWeeks) {
  Season season{};
  LearnWeeks(&season, 0, 7, 0);
  LearnWeeks(&season, 7, 21, 5);
  Season::Usual usual;
  ASSERT_TRUE(season.Expect(season.PlaceOf(At(26, 9)), 15, 0.1, false, &usual));
  EXPECT_NEAR(usual.value, 10, 0.5);
}

TEST(SeasonTest, ADayThatIsOddDoesNotSpoilTheWeekends) {
  Season season{};
  LearnWeeks(&season, 0, 7, 0);
  LearnWeeks(&season, 7, 22, 5);
  LearnDay(&season, 22, -200, true);
  LearnWeeks(&season, 23, 26, 5);
  EXPECT_NEAR(UsualAt(season, At(26, 9)).value, 15, 0.5);
  EXPECT_NEAR(UsualAt(season, At(29, 9)).value, 10, 0.5);
  EXPECT_NEAR(UsualAt(season, At(29, 9)).claimed, 10, 0.5);
}

TEST(SeasonTest, WhatHoldsForFiveDaysIsUsualOnAllOfThem) {
  Season season{};
  LearnWeeks(&season, 0, 8, 0);
  LearnDay(&season, 8, 5, true);
  for (int day = 9; day < 13; ++day) LearnDay(&season, day, 5, false);
  for (int day = 13; day < 20; ++day) {
    EXPECT_NEAR(UsualAt(season, At(day, 9)).value, 15, 0.5) << day;
    EXPECT_NEAR(UsualAt(season, At(day, 9)).claimed, 15, 0.5) << day;
  }
}

TEST(SeasonTest, OtherWeeksAreLearnedAnew) {
  Season season{};
  LearnWeeks(&season, 0, 7, 0);
  LearnWeeks(&season, 7, 28, 5);
  int day = 28;
  for (; std::abs(UsualAt(season, At(day, 9)).claimed - 50) > 1; ++day) {
    ASSERT_LT(day, 28 + 40);
    LearnDay(&season, day, 40, true);
  }
  EXPECT_GT(day, 30);
}

}  // namespace
}  // namespace avocet::auto_detect
