// Series that are of another kind on some days of the week.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/civil_time.h"
#include "src/detect/detector_testing.h"

namespace avocet::auto_detect {
namespace {

using testing::Detect;
using testing::MakeDetector;
using testing::TestReading;

constexpr int kWeeks = 6;
constexpr int kMonday = 4;          // 1970 began on a Thursday
constexpr int kThirdSaturday = 19;  // days after a Monday

/// What a device measures, by the day since a Monday and the hour of it, at its place.
using Course = std::function<double(int day, double hour)>;

struct Site {
  Course course;
  double noise = 0.3;
  int hours_east = 0;  // of Greenwich
  int first_day = 0;   // with readings, since a Monday
};

struct Found {
  int day;  // since that Monday, at the place
  double hour;
  std::string type;
};

/// Readings of a device until six weeks after a Monday.
std::vector<TestReading> Readings(const Site& site, int64_t period_s) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise;
  std::vector<TestReading> readings;
  const int64_t end = int64_t{kWeeks} * 7 * 86'400;
  for (int64_t second = site.first_day * int64_t{86'400}; second < end; second += period_s) {
    const int64_t local = second + site.hours_east * 3600;
    const double hour = static_cast<double>(local % 86'400) / 3600;
    const double x =
        site.course(static_cast<int>(local / 86'400), hour) + site.noise * noise(random);
    const int64_t time_us = kMonday * kMicrosPerDay + second * kMicrosPerSecond;
    readings.push_back({0, time_us, {std::round(x * 100) / 100}});
  }
  return readings;
}

/// Anomalies of a device that is watched for six weeks.
std::vector<Found> Find(const Site& site, double tier, int64_t period_s) {
  std::vector<Found> found;
  const auto detector = MakeDetector(AutoType(), {{"tier", tier}});
  for (const Anomaly& anomaly : Detect(detector.get(), Readings(site, period_s))) {
    const int64_t local =
        anomaly.event_time_us - kMonday * kMicrosPerDay + site.hours_east * kMicrosPerHour;
    found.push_back({static_cast<int>(local / kMicrosPerDay),
                     static_cast<double>(local % kMicrosPerDay) / double{kMicrosPerHour},
                     std::string(anomaly.reason)});
  }
  return found;
}

void WithTiersAndPeriods(const std::function<void(double tier, int64_t period_s)>& check) {
  constexpr double kFull = 0, kLean = 1;
  for (const auto& [tier, period_s] : {std::pair{kLean, 10}, {kFull, 60}, {kFull, 300}}) {
    SCOPED_TRACE(::testing::Message() << "tier " << tier << ", " << period_s << " s");
    check(tier, period_s);
  }
}

/// Days from `from_day` to the one before `to_day`.
int CountLevels(const std::vector<Found>& found, int from_day, int to_day) {
  return static_cast<int>(std::count_if(found.begin(), found.end(), [&](const Found& one) {
    return one.type == "level" && one.day >= from_day && one.day < to_day;
  }));
}

std::string Text(const std::vector<Found>& found) {
  std::string text;
  for (const Found& one : found) {
    text += " day " + std::to_string(one.day) + " at " + std::to_string(one.hour) + ": " + one.type;
  }
  return text;
}

bool HasLevel(const std::vector<Found>& found, int day, double from_hour, double to_hour) {
  return std::any_of(found.begin(), found.end(), [&](const Found& one) {
    return one.type == "level" && one.day == day && one.hour >= from_hour && one.hour < to_hour;
  });
}

bool IsWorkday(int day) { return day % 7 < 5; }

/// Draws 20 from 6 to 22 o'clock on the days it works, and 5 else.
Course Machine(const std::function<bool(int day)>& works) {
  return
      [works](int day, double hour) { return works(day) && hour >= 6.02 && hour < 22.03 ? 20 : 5; };
}

/// How loud an office is, half as loud at weekends.
double Office(int day, double hour) {
  const double busy = 12 * std::exp(-(hour - 13) * (hour - 13) / 12);
  return 35 + (IsWorkday(day) ? busy : busy / 2);
}

void ExpectWeekendsAreLearned(const Site& site) {
  WithTiersAndPeriods([&](double tier, int64_t period_s) {
    const auto found = Find(site, tier, period_s);
    EXPECT_GE(CountLevels(found, 5, 14), 1);  // the first two weekends
    EXPECT_EQ(CountLevels(found, kThirdSaturday, 7 * kWeeks), 0) << Text(found);
  });
}

TEST(WeeklyTest, AMachineThatStandsStillAtWeekends) {
  ExpectWeekendsAreLearned({.course = Machine(IsWorkday)});
}

TEST(WeeklyTest, AWeekendThatBeginsWithinADayOfUtc) {
  ExpectWeekendsAreLearned({.course = Machine(IsWorkday), .hours_east = 9});
}

TEST(WeeklyTest, AnOfficeThatIsQuieterAtWeekends) {
  ExpectWeekendsAreLearned({.course = Office, .noise = 0.8});
}

TEST(WeeklyTest, ALevelThatLastsForTheWeekend) {
  const Course course = [](int day, double hour) {
    return 20 - 3 * std::cos(hour * 2 * 3.14159265 / 24) - (IsWorkday(day) ? 0 : 2);
  };
  WithTiersAndPeriods([&](double tier, int64_t period_s) {
    const auto found = Find({.course = course, .noise = 0.1}, tier, period_s);
    EXPECT_EQ(CountLevels(found, kThirdSaturday, 7 * kWeeks), 0) << Text(found);
  });
}

TEST(WeeklyTest, AMachineThatRunsOnASundayOrNotOnAMondayIsFound) {
  constexpr int kSunday = 34, kLaterMonday = 35;
  const auto works = [](int day) {
    return day == kSunday || (IsWorkday(day) && day != kLaterMonday);
  };
  WithTiersAndPeriods([&](double tier, int64_t period_s) {
    const auto found = Find({.course = Machine(works)}, tier, period_s);
    EXPECT_TRUE(HasLevel(found, kSunday, 6, 9));
    EXPECT_TRUE(HasLevel(found, kLaterMonday, 6, 9));
  });
}

// What is seen on the second day, of another kind than the first, is not the usual size of a level.
TEST(WeeklyTest, AMachineThatIsFirstSeenAtAWeekendIsLearned) {
  constexpr int kSunday = 34, kLaterMonday = 35;
  const auto works = [](int day) {
    return day == kSunday || (IsWorkday(day) && day != kLaterMonday);
  };
  for (const int first_day : {4, 5, 6}) {
    SCOPED_TRACE(first_day);
    WithTiersAndPeriods([&](double tier, int64_t period_s) {
      const auto found = Find({.course = Machine(works), .first_day = first_day}, tier, period_s);
      EXPECT_EQ(CountLevels(found, kThirdSaturday + 7, kSunday), 0) << Text(found);
      EXPECT_TRUE(HasLevel(found, kSunday, 6, 9)) << Text(found);
      EXPECT_TRUE(HasLevel(found, kLaterMonday, 6, 9)) << Text(found);
    });
  }
}

TEST(WeeklyTest, AHolidayIsNotLearned) {
  constexpr int kTuesday = 22, kTuesdayAfterNext = 36;
  const auto works = [](int day) {
    return IsWorkday(day) && day != kTuesday && day != kTuesdayAfterNext;
  };
  WithTiersAndPeriods([&](double tier, int64_t period_s) {
    const auto found = Find({.course = Machine(works)}, tier, period_s);
    EXPECT_TRUE(HasLevel(found, kTuesday, 6, 9));
    EXPECT_TRUE(HasLevel(found, kTuesdayAfterNext, 6, 9)) << Text(found);
    EXPECT_EQ(CountLevels(found, kTuesday + 1, kTuesdayAfterNext), 0);
  });
}

TEST(WeeklyTest, WhatWasLearnedOfTheWeekIsInASnapshot) {
  constexpr int64_t kPeriod = 300;
  constexpr int kSunday = 34;
  const auto works = [](int day) { return day == kSunday || IsWorkday(day); };
  const auto readings = Readings({.course = Machine(works)}, kPeriod);
  const std::span<const TestReading> all(readings);
  const size_t cut = size_t{4} * 7 * 86'400 / kPeriod;
  const auto whole = MakeDetector(AutoType());
  const auto uncut = testing::AnomalyTexts(Detect(whole.get(), all));

  testing::Feeder feeder;
  std::vector<Anomaly> anomalies;
  const auto before = MakeDetector(AutoType());
  feeder.Feed(all.first(cut), before.get(), &anomalies);
  StateWriter writer;
  before->Save(&writer);
  const std::string bytes = writer.Take();
  StateReader reader(bytes);
  const auto after = MakeDetector(AutoType());
  ASSERT_TRUE(after->Load(&reader).ok());
  feeder.Feed(all.subspan(cut), after.get(), &anomalies);
  EXPECT_EQ(testing::AnomalyTexts(anomalies), uncut);
}

}  // namespace
}  // namespace avocet::auto_detect
