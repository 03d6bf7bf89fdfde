// Machines that are switched on and off at fixed hours.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "src/base/civil_time.h"
#include "src/detect/detector_testing.h"

namespace avocet::auto_detect {
namespace {

using testing::Detect;
using testing::MakeDetector;

constexpr int kDays = 17;

/// Edges of a day, in hours.
struct Day {
  double on = 6, off = 22;
};

/// Draws 20 and not 5 while it is on, switched `shift` hours after the hour by a person who comes
/// up to five minutes late; `edit` changes what happens on a day.
std::vector<double> Machine(int64_t period_s, double shift,
                            const std::function<void(int day, Day*)>& edit = {}) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(0, 0.3);
  std::uniform_real_distribution<double> late(0, 5.0 / 60);
  std::vector<double> values;
  for (int day = 0; day < kDays; ++day) {
    Day edges;
    edges.on += shift + late(random);
    edges.off += shift + late(random);
    if (edit) edit(day, &edges);
    for (int64_t second = 0; second < 86'400; second += period_s) {
      const double hour = static_cast<double>(second) / 3600;
      const bool on = hour >= edges.on && hour < edges.off;
      values.push_back(std::round(((on ? 20 : 5) + noise(random)) * 100) / 100);
    }
  }
  return values;
}

struct Found {
  double hour;  // since the first reading
  std::string type;
};

std::vector<Found> Find(const std::vector<double>& values, int64_t period_s) {
  const auto detector = MakeDetector(AutoType());
  std::vector<Found> found;
  for (const Anomaly& anomaly : Detect(detector.get(), testing::Series(values, period_s))) {
    found.push_back({static_cast<double>(anomaly.event_time_us) / double{kMicrosPerHour},
                     std::string(anomaly.reason)});
  }
  return found;
}

bool HasLevel(const std::vector<Found>& found, double from_hour, double to_hour) {
  return std::any_of(found.begin(), found.end(), [&](const Found& one) {
    return one.type == "level" && one.hour >= from_hour && one.hour < to_hour;
  });
}

/// Runs `check` with machines whose edges are at the edge of a half-hour of the clock, within one,
/// and near its end.
void WithMachines(const std::function<void(int64_t period_s, double shift)>& check) {
  for (const int64_t period_s : {10, 60}) {
    for (const double shift : {0.0, 0.21, 0.4}) {
      SCOPED_TRACE(::testing::Message() << period_s << " s, " << shift);
      check(period_s, shift);
    }
  }
}

TEST(SwitchedTest, EdgesOfADayAreUsualAfterThreeDays) {
  WithMachines([](int64_t period_s, double shift) {
    const auto found = Find(Machine(period_s, shift), period_s);
    const auto late =
        std::count_if(found.begin(), found.end(), [](const Found& one) { return one.hour >= 72; });
    EXPECT_LE(late, 8);
    EXPECT_FALSE(HasLevel(found, 72, 24 * kDays));
  });
}

TEST(SwitchedTest, AMachineThatIsNotSwitchedIsFound) {
  WithMachines([](int64_t period_s, double shift) {
    const auto found = Find(Machine(period_s, shift,
                                    [](int day, Day* edges) {
                                      if (day == 12) edges->on = 24;   // not at all
                                      if (day == 14) edges->off = 26;  // and all night long
                                    }),
                            period_s);
    EXPECT_TRUE(HasLevel(found, 12 * 24 + 6, 12 * 24 + 7.5));
    EXPECT_TRUE(HasLevel(found, 14 * 24 + 22, 14 * 24 + 23.5));
  });
}

// The mean of a step that an edge is in is a level that never was.
TEST(SwitchedTest, AnEdgeIsSeldomNovel) {
  int64_t novel = 0;
  WithMachines([&](int64_t period_s, double shift) {
    const auto found = Find(Machine(period_s, shift), period_s);
    novel += std::count_if(found.begin(), found.end(),
                           [](const Found& one) { return one.type == "novelty"; });
  });
  EXPECT_LE(novel, 6);
}

/// Anomalies of ten machines in six weeks, each switched at hours of its own, and none at
/// weekends; the first runs on as long as `first_off` says on the Wednesday of the last.
std::vector<Anomaly> FindInFleet(int64_t period_s, double first_off) {
  constexpr int kMachines = 10, kWednesday = 37;
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(0, 0.3);
  std::uniform_real_distribution<double> late(0, 5.0 / 60);
  std::vector<testing::TestReading> readings;
  std::vector<Day> edges(kMachines);
  for (int64_t second = 0; second < int64_t{42} * 86'400; second += period_s) {
    const int day = static_cast<int>(second / 86'400);
    const double hour = static_cast<double>(second % 86'400) / 3600;
    for (uint32_t machine = 0; machine < kMachines; ++machine) {
      if (second % 86'400 == 0) {
        edges[machine].on = 5 + 0.43 * machine + late(random);
        edges[machine].off = 22 - 0.61 * machine + late(random);
        if (day == kWednesday && machine == 0) edges[machine].off = first_off;
      }
      const bool on = day % 7 < 5 && hour >= edges[machine].on && hour < edges[machine].off;
      const double x = (on ? 15 + machine : 5) + noise(random);
      readings.push_back({machine, second * testing::kSecond, {std::round(x * 100) / 100}});
    }
  }
  const auto detector = MakeDetector(AutoType());
  return Detect(detector.get(), readings);
}

bool IsOfLevel(const Anomaly& anomaly) {
  return anomaly.reason == "level" || anomaly.reason == "drift" || anomaly.reason == "peer";
}

TEST(SwitchedTest, AFleetWhoseMachinesAreEachSwitchedAtHoursOfTheirOwn) {
  for (const int64_t period_s : {60, 300}) {
    SCOPED_TRACE(period_s);
    const auto found = FindInFleet(period_s, 22);
    const auto late = std::count_if(found.begin(), found.end(), [](const Anomaly& one) {
      return IsOfLevel(one) && one.event_time_us > 28 * kMicrosPerDay;
    });
    EXPECT_LE(late, 15);  // of 200 edges and two weekends; 42 where none is learned
  }
}

TEST(SwitchedTest, AMachineThatIsLeftOnAmongOthersIsFound) {
  for (const int64_t period_s : {60, 300}) {
    SCOPED_TRACE(period_s);
    const auto found = FindInFleet(period_s, 24);
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const Anomaly& one) {
      const double hour = static_cast<double>(one.event_time_us) / double{kMicrosPerHour} - 37 * 24;
      return IsOfLevel(one) && one.slot == 0 && hour >= 22 && hour < 24;
    }));
  }
}

}  // namespace
}  // namespace avocet::auto_detect
