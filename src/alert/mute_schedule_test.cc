#include "src/alert/mute_schedule.h"

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
  const auto schedule = MuteSchedule::Parse(text);
  EXPECT_TRUE(schedule.ok()) << schedule.status().message();
  return schedule.ok() && schedule->Contains(time_us);
}

TEST(MuteSchedule, HoursOfTheDay) {
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

TEST(MuteSchedule, NightsBelongToTheDayOnWhichTheyBegin) {
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

TEST(MuteSchedule, HoursAreThoseOfTheZone) {
  EXPECT_TRUE(Contains("mon 08:00-09:00 Europe/Berlin", kMonday + 7 * kHour));
  // In summer it is an hour earlier.
  constexpr int64_t kSummerMonday = kMonday + 26 * 7 * kDay;
  EXPECT_TRUE(Contains("mon 08:00-09:00 Europe/Berlin", kSummerMonday + 6 * kHour));
  EXPECT_FALSE(Contains("mon 08:00-09:00 Europe/Berlin", kSummerMonday + 7 * kHour));
}

TEST(MuteSchedule, WhatMakesNoSenseIsAnError) {
  for (const char* text :
       {"", "mon", "mon 8:00-09:00", "mon 08:00", "mon 08:00-25:00", "mon 08:60-09:00",
        "mun 08:00-09:00", "mon- 08:00-09:00", "mon,, 08:00-09:00", "mon 24:00-01:00",
        "mon 08:00-09:00 Europe/Berlim", "mon 08:00-09:00 UTC now", "mon-tue-wed 08:00-09:00"}) {
    EXPECT_FALSE(MuteSchedule::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace avocet
