#include "src/detect/auto/season.h"

#include <gtest/gtest.h>

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
void LearnDay(Season* season, int day, double odd, bool doubtful) {
  for (int64_t time = At(day, 0); time < At(day + 1, 0); time += kPeriodUs) {
    const bool in_fault = time >= At(day, 8) && time < At(day, 10);
    const double wobble = 0.1 * static_cast<double>((time / kMicrosPerHour) % 5);
    season->Learn(time, 10 + wobble + (in_fault ? odd : 0), kPeriodS, in_fault && doubtful);
  }
}

Season::Usual UsualAt(const Season& season, int64_t time_us) {
  Season::Usual usual;
  EXPECT_TRUE(season.Expect(time_us, &usual));
  return usual;
}

TEST(SeasonTest, IsUnknownOnTheFirstDay) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  Season::Usual usual;
  EXPECT_FALSE(season.Expect(At(0, 12), &usual));
  LearnDay(&season, 1, 0, false);
  EXPECT_TRUE(season.Expect(At(2, 12), &usual));
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

TEST(SeasonTest, ClaimsOfDifferentSizesStandSideBySide) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  LearnDay(&season, 1, 0, false);
  for (int64_t time = At(2, 0); time < At(3, 0); time += kPeriodUs) {
    const double odd = time < At(2, 4) ? 3 : time < At(2, 8) ? -60 : 0;
    season.Learn(time, 10 + odd, kPeriodS, odd != 0);
  }
  EXPECT_NEAR(UsualAt(season, At(3, 2)).claimed, 13, 0.6);
  EXPECT_NEAR(UsualAt(season, At(3, 6)).claimed, -50, 0.6);
  EXPECT_TRUE(season.IsPlausible());
}

TEST(SeasonTest, ANewLevelEndsAllClaims) {
  Season season{};
  LearnDay(&season, 0, 0, false);
  LearnDay(&season, 1, 5, true);
  season.Shift(7);
  EXPECT_NEAR(UsualAt(season, At(2, 9)).value, 17, 0.5);
  EXPECT_EQ(UsualAt(season, At(2, 9)).claimed, UsualAt(season, At(2, 9)).value);
}

}  // namespace
}  // namespace avocet::auto_detect
