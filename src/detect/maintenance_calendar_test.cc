#include "src/detect/maintenance_calendar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "src/base/civil_time.h"
#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Feeder;
using testing::kSecond;
using testing::MakeDetector;
using testing::TestReading;

constexpr int64_t kMonday = 1'767'571'200'000'000;  // 2026-01-05T00:00:00Z
constexpr int64_t kMinute = kMicrosPerMinute;
constexpr int64_t kHour = kMicrosPerHour;

MaintenanceConfig Window(int64_t from_us, int64_t until_us, std::string every = "",
                         std::vector<std::string> metrics = {}) {
  return {.name = "w",
          .from_us = from_us,
          .until_us = until_us,
          .every = std::move(every),
          .devices = {"press-?"},
          .labels = {},
          .metrics = std::move(metrics)};
}

// Of the devices press-1 (slot 0) and mill-1, with the metrics a and b.
class Calendar {
 public:
  explicit Calendar(std::vector<MaintenanceConfig> windows)
      : windows_(std::move(windows)), calendar_(windows_, labels_) {
    for (const std::string name : {"press-1", "mill-1"}) {
      devices_.FindOrAdd(name, DeviceHash(name));
    }
    calendar_.SetDevices(devices_);
    const std::vector<std::string> metrics = {"a", "b"};
    calendar_.SetMetrics(metrics);
  }
  MaintenanceCalendar* operator->() { return &calendar_; }
  MaintenanceCalendar* get() { return &calendar_; }

 private:
  std::vector<MaintenanceConfig> windows_;
  DevicesConfig labels_{
      .labels_file = "", .listed = {{"mill-1", {{"site", "north"}}}}, .labels = {}, .peers = ""};
  DeviceTable devices_;
  MaintenanceCalendar calendar_;
};

TEST(MaintenanceCalendar, CoversItsDevicesMetricsAndTimes) {
  Calendar calendar({Window(kMonday, kMonday + kHour, "", {"b"}), Window(0, 0, "tue 00:00-01:00")});
  EXPECT_TRUE(calendar->Covers(0, 1, kMonday));
  EXPECT_TRUE(calendar->Covers(0, 1, kMonday + kHour - 1));
  EXPECT_FALSE(calendar->Covers(0, 1, kMonday - 1));
  EXPECT_FALSE(calendar->Covers(0, 1, kMonday + kHour));
  EXPECT_FALSE(calendar->Covers(0, 0, kMonday));
  EXPECT_FALSE(calendar->Covers(0, kWholeDevice, kMonday));
  EXPECT_FALSE(calendar->Covers(1, 1, kMonday));
  EXPECT_TRUE(calendar->Covers(0, kWholeDevice, kMonday + kMicrosPerDay));
  std::vector<double> values = {1, 2};
  calendar->Hide(0, kMonday, values);
  EXPECT_EQ(values[0], 1);
  EXPECT_TRUE(std::isnan(values[1]));
  calendar->Hide(1, kMonday + kMicrosPerDay, values);
  EXPECT_EQ(values[0], 1);
  calendar->Hide(0, kMonday + kMicrosPerDay, values);
  EXPECT_TRUE(std::isnan(values[0]));
}

TEST(MaintenanceCalendar, CoversDevicesWithItsLabels) {
  MaintenanceConfig window = Window(kMonday, kMonday + kHour);
  window.devices.clear();
  window.labels = {{"site", "north"}};
  Calendar calendar({window});
  EXPECT_FALSE(calendar->Covers(0, 0, kMonday));
  EXPECT_TRUE(calendar->Covers(1, 0, kMonday));
}

TEST(MaintenanceCalendar, HoursAreThoseWithinTheBounds) {
  Calendar calendar({Window(kMonday + kMinute, kMonday + 2 * kMicrosPerDay, "daily 00:00-01:00")});
  EXPECT_FALSE(calendar->Covers(0, 0, kMonday));
  EXPECT_TRUE(calendar->Covers(0, 0, kMonday + kMinute));
  EXPECT_FALSE(calendar->Covers(0, 0, kMonday + kHour));
  EXPECT_TRUE(calendar->Covers(0, 0, kMonday + kMicrosPerDay));
  EXPECT_FALSE(calendar->Covers(0, 0, kMonday + 2 * kMicrosPerDay));
  // An hour on Tuesday, and from 00:01 an hour on Monday.
  const int64_t since = kMonday - kHour;
  EXPECT_EQ(calendar->Delay(0, 0, since, kMonday), 0);
  EXPECT_EQ(calendar->Delay(0, 0, since, kMonday + kMinute), 0);
  EXPECT_EQ(calendar->Delay(0, 0, since, kMonday + kMinute + 1), 59 * kMinute);
  EXPECT_EQ(calendar->Delay(0, 0, since, kMonday + 30 * kHour), 119 * kMinute);
  EXPECT_EQ(calendar->Delay(0, 0, since, kMonday + 90 * kHour), 119 * kMinute);
  EXPECT_EQ(calendar->Delay(1, 0, since, kMonday + 90 * kHour), 0);
}

TEST(MaintenanceCalendar, TimeInSeveralWindowsCountsOnce) {
  Calendar calendar(
      {Window(kMonday, kMonday + 2 * kHour), Window(kMonday + kHour, kMonday + 4 * kHour)});
  EXPECT_EQ(calendar->Delay(0, 0, kMonday - kHour, kMonday + 1), 4 * kHour);
  EXPECT_EQ(calendar->Delay(0, 0, kMonday + 3 * kHour, kMonday + 3 * kHour + 1), kHour);
}

TEST(MaintenanceCalendar, WithoutAnEndNothingIsDue) {
  Calendar open({Window(kMonday, 0)});
  EXPECT_EQ(open->Delay(0, 0, kMonday - kHour, kMonday + 1), INT64_MAX);
  EXPECT_EQ(open->Delay(0, 0, kMonday - kHour, kMonday), 0);
  Calendar always({Window(0, 0, "daily 00:00-24:00")});
  EXPECT_EQ(always->Delay(0, 0, kMonday - kHour, kMonday), INT64_MAX);
}

// A device that reports both metrics in turn every ten seconds; in maintenance only the second is
// seen, as the engine hides the first. Afterwards the first is late by 40 s, which is ordinary
// without those two hours.
TEST(MaintenanceCalendar, AutoDoesNotMissWhatWasInMaintenance) {
  std::vector<TestReading> readings;
  const int64_t begin = kMonday + 5 * kHour, end = begin + 2 * kHour;
  for (int64_t time = kMonday; time < end + kHour; time += 10 * kSecond) {
    const auto wave = static_cast<double>(time / (10 * kSecond) % 7);
    const bool shown = time < begin || time >= end + 40 * kSecond;
    readings.push_back({0, time, {shown ? wave : std::nan(""), std::nan("")}});
    readings.push_back({0, time + 5 * kSecond, {std::nan(""), wave}});
  }
  const auto num_missing = [&](MaintenanceCalendar* maintenance) {
    const auto detector = MakeDetector(AutoType(), {}, {}, {"a", "b"});
    detector->set_maintenance(maintenance);
    std::vector<Anomaly> anomalies;
    Feeder().Feed(readings, detector.get(), &anomalies);
    return std::count_if(anomalies.begin(), anomalies.end(),
                         [](const Anomaly& anomaly) { return anomaly.reason == "missing"; });
  };
  Calendar calendar({Window(begin, end, "", {"a"})});
  EXPECT_EQ(num_missing(calendar.get()), 0);
  EXPECT_EQ(num_missing(nullptr), 1);
}

}  // namespace
}  // namespace avocet
