#include "src/config/weekly_schedule.h"

#include <gtest/gtest.h>

#include <string>

#include "src/base/time_format.h"

namespace avocet {
namespace {

constexpr int64_t kMinute = 60'000'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kMonday = 1'767'571'200'000'000;  // 2026-01-05T00:00:00Z

bool Contains(const std::string& text, int64_t time_us) {
  const auto schedule = WeeklySchedule::Parse(text);
  EXPECT_TRUE(schedule.ok()) << schedule.status().message();
  return schedule.ok() && schedule->Contains(time_us);
}

TEST(WeeklySchedule, HoursOfTheDay) {
  ASSERT_EQ(FormatTimestamp(kMonday), "2026-01-05T00:00:00Z");
  EXPECT_FALSE(Contains("mon 08:00-09:30", kMonday + 8 * kHour - 1));
  EXPECT_TRUE(Contains("mon 08:00-09:30", kMonday + 8 * kHour));
  EXPECT_TRUE(Contains("mon 08:00-09:30", kMonday + 9 * kHour + 30 * kMinute - 1));
  EXPECT_FALSE(Contains("mon 08:00-09:30", kMonday + 9 * kHour + 30 * kMinute));
  EXPECT_FALSE(Contains("mon 08:00-09:30", kMonday + kDay + 8 * kHour));
  EXPECT_TRUE(Contains("daily 08:00-09:30", kMonday + kDay + 8 * kHour));
  EXPECT_TRUE(Contains("mon,wed 00:00-24:00", kMonday + 3 * kDay - 1));
  EXPECT_FALSE(Contains("mon,wed 00:00-24:00", kMonday + 3 * kDay));
}

TEST(WeeklySchedule, NightsBelongToTheDayOnWhichTheyBegin) {
  const std::string nights = "fri 22:00-06:00";
  const int64_t saturday = kMonday + 5 * kDay;
  EXPECT_TRUE(Contains(nights, saturday - 2 * kHour));
  EXPECT_TRUE(Contains(nights, saturday + 6 * kHour - 1));
  EXPECT_FALSE(Contains(nights, saturday + 6 * kHour));
  EXPECT_FALSE(Contains(nights, saturday - kDay + kHour));
  // Over the end of the week.
  EXPECT_TRUE(Contains("sun 23:00-01:00", kMonday + kMinute));
  EXPECT_TRUE(Contains("sat-mon 12:00-13:00", kMonday + 12 * kHour));
  EXPECT_FALSE(Contains("sat-mon 12:00-13:00", kMonday + kDay + 12 * kHour));
}

TEST(WeeklySchedule, HoursAreThoseOfTheZone) {
  EXPECT_TRUE(Contains("mon 08:00-09:00 Europe/Berlin", kMonday + 7 * kHour));
  // In summer it is an hour earlier.
  constexpr int64_t kSummerMonday = kMonday + 26 * 7 * kDay;
  EXPECT_TRUE(Contains("mon 08:00-09:00 Europe/Berlin", kSummerMonday + 6 * kHour));
  EXPECT_FALSE(Contains("mon 08:00-09:00 Europe/Berlin", kSummerMonday + 7 * kHour));
}

TEST(WeeklySchedule, HoursEndAndBeginAgain) {
  const auto schedule = WeeklySchedule::Parse("fri 22:00-06:00 Europe/Berlin");
  ASSERT_TRUE(schedule.ok());
  const int64_t begin = kMonday + 4 * kDay + 21 * kHour;
  EXPECT_EQ(schedule->NextBegin(kMonday), begin);
  EXPECT_EQ(schedule->NextBegin(begin - 1), begin);
  EXPECT_EQ(schedule->NextBegin(begin), begin + 7 * kDay);
  EXPECT_EQ(schedule->EndOf(begin), begin + 8 * kHour);
  EXPECT_EQ(schedule->EndOf(begin + 5 * kHour + 17), begin + 8 * kHour);
  const auto always = WeeklySchedule::Parse("daily 00:00-24:00");
  ASSERT_TRUE(always.ok());
  EXPECT_EQ(always->EndOf(kMonday + kHour), kMonday + kDay);
}

TEST(WeeklySchedule, ClocksAreChangedWithinHours) {
  const auto schedule = WeeklySchedule::Parse("sat-sun 22:00-06:00 Europe/Berlin");
  ASSERT_TRUE(schedule.ok());
  constexpr int64_t kSpring = kMonday + 82 * kDay + 21 * kHour;  // 2026-03-28T22:00+01:00
  ASSERT_EQ(FormatTimestamp(kSpring), "2026-03-28T21:00:00Z");
  EXPECT_EQ(schedule->NextBegin(kSpring - kDay), kSpring);
  EXPECT_EQ(schedule->EndOf(kSpring), kSpring + 7 * kHour);
  EXPECT_EQ(schedule->NextBegin(kSpring), kSpring + 23 * kHour);
  // 02:30 does not exist in that night.
  const auto skipped = WeeklySchedule::Parse("sun 01:00-02:30 Europe/Berlin");
  ASSERT_TRUE(skipped.ok());
  constexpr int64_t kNight = kSpring + 3 * kHour;
  EXPECT_TRUE(skipped->Contains(kNight + kHour - 1));
  EXPECT_FALSE(skipped->Contains(kNight + kHour));
  int64_t end = kNight;
  while (skipped->Contains(end)) end = skipped->EndOf(end);
  EXPECT_EQ(end, kNight + kHour);
}

TEST(WeeklySchedule, WhatMakesNoSenseIsAnError) {
  for (const char* text :
       {"", "mon", "mon 8:00-09:00", "mon 08:00", "mon 08:00-25:00", "mon 08:60-09:00",
        "mun 08:00-09:00", "mon- 08:00-09:00", "mon,, 08:00-09:00", "mon 24:00-01:00",
        "mon 08:00-09:00 Europe/Berlim", "mon 08:00-09:00 UTC now", "mon-tue-wed 08:00-09:00"}) {
    EXPECT_FALSE(WeeklySchedule::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace avocet
