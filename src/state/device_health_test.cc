#include "src/state/device_health.h"

#include <gtest/gtest.h>

#include <cmath>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
const double kNone = std::nan("");

// One device with one metric, whose hours close at once.
class Device {
 public:
  void Read(int64_t time_us, double value = 20, bool invalid = false) {
    const bool late = time_us < newest_us_;
    const int64_t previous_us = newest_us_;
    newest_us_ = std::max(newest_us_, time_us);
    DeviceHour* hour = hours_.Add(0, time_us, newest_us_, late, std::vector<double>{value});
    stands_for_us_ = health_.OnReading(0, time_us, previous_us, invalid, hour);
    std::vector<HourRow> rows;
    std::vector<EndedHour> ended;
    hours_.Close(0, newest_us_, &rows, &ended);
    health_.Close(ended, &rows_);
  }
  /// Every `spacing_us` from `begin_us` on, without `end_us`.
  void ReadRegularly(int64_t begin_us, int64_t end_us, int64_t spacing_us, double value = 20) {
    for (int64_t time_us = begin_us; time_us < end_us; time_us += spacing_us) Read(time_us, value);
  }
  void MarkAnomalous(int64_t time_us) {
    hours_.FindDevice(0, time_us)->anomalous_us += stands_for_us_;
  }
  std::vector<HealthRow> Preview() {
    std::vector<HourRow> rows;
    std::vector<EndedHour> ended;
    hours_.Flush(std::vector<int64_t>{newest_us_}, &rows, &ended);
    std::vector<HealthRow> health;
    health_.Preview(ended, &health);
    return health;
  }
  const std::vector<HealthRow>& rows() const { return rows_; }
  DeviceHealth& health() { return health_; }

 private:
  HourlyStats hours_{0};
  DeviceHealth health_;
  int64_t newest_us_ = kNoTime;
  int64_t stands_for_us_ = 0;
  std::vector<HealthRow> rows_;
};

TEST(DeviceHealthTest, ARegularDeviceIsPerfectlyHealthy) {
  Device device;
  device.ReadRegularly(7 * kMinute, 4 * kHourUs, 7 * kSecond);
  ASSERT_EQ(device.rows().size(), 3U);
  for (const HealthRow& row : device.rows()) {
    EXPECT_EQ(row.health, 100);
    EXPECT_EQ(row.availability, 1);
    EXPECT_EQ(row.freshness, 1);
    EXPECT_EQ(row.quality, 1);
    EXPECT_EQ(row.anomaly_share, 0);
    EXPECT_TRUE(std::isnan(row.drift));  // after three hours nobody can tell
  }
  EXPECT_EQ(device.rows()[0].expected, 53 * 60 / 7);  // from the first reading on
  EXPECT_EQ(device.rows()[1].expected, 3600 / 7);
}

TEST(DeviceHealthTest, LostReadingsCostAvailabilityAndSilenceFreshness) {
  Device device;
  device.ReadRegularly(0, kHourUs, 10 * kSecond);
  device.ReadRegularly(kHourUs, 2 * kHourUs, 20 * kSecond);  // every second one is lost
  device.ReadRegularly(2 * kHourUs, 2 * kHourUs + 30 * kMinute, 10 * kSecond);
  device.ReadRegularly(3 * kHourUs, 5 * kHourUs, 10 * kSecond);
  ASSERT_EQ(device.rows().size(), 4U);
  EXPECT_NEAR(device.rows()[1].availability, 0.5, 0.05);
  EXPECT_EQ(device.rows()[1].freshness, 1);
  EXPECT_NEAR(device.rows()[2].availability, 0.5, 0.05);
  EXPECT_NEAR(device.rows()[2].freshness, 0.5, 0.02);
  EXPECT_NEAR(device.rows()[2].health, 50, 2);
  EXPECT_GT(device.rows()[3].health, 98);
}

TEST(DeviceHealthTest, HoursWithoutAReadingHaveARowWhenTheDeviceIsBack) {
  Device device;
  device.ReadRegularly(0, kHourUs, kMinute);
  device.ReadRegularly(4 * kHourUs, 5 * kHourUs + kMinute, kMinute);
  ASSERT_EQ(device.rows().size(), 5U);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(device.rows()[i].hour_us, static_cast<int64_t>(i) * kHourUs);
  }
  for (const size_t i : {2, 3}) {
    EXPECT_EQ(device.rows()[i].health, 0);
    EXPECT_EQ(device.rows()[i].availability, 0);
    EXPECT_TRUE(std::isnan(device.rows()[i].quality));
  }
  // The newest reading was fresh for three minutes more, of which two are in this hour.
  EXPECT_NEAR(device.rows()[1].freshness, 2.0 / 60, 1e-9);
  EXPECT_EQ(device.rows()[4].health, 100);
  device.ReadRegularly(400 * kHourUs, 402 * kHourUs, kMinute);
  EXPECT_EQ(device.rows().size(), 7U);  // more than a week: it was not in use
}

TEST(DeviceHealthTest, ADeviceThatReportsEveryTwoHoursMissesNothingInBetween) {
  Device device;
  device.ReadRegularly(0, 48 * kHourUs, 2 * kHourUs);
  ASSERT_GT(device.rows().size(), 40U);
  for (size_t i = 8; i < device.rows().size(); ++i) EXPECT_EQ(device.rows()[i].health, 100);
}

TEST(DeviceHealthTest, ASlowerPaceIsTheNewPaceAfterAnHour) {
  Device device;
  device.ReadRegularly(0, 2 * kHourUs, 10 * kSecond);
  device.ReadRegularly(2 * kHourUs, 6 * kHourUs, kMinute);
  EXPECT_LT(device.rows()[2].health, 60);
  EXPECT_EQ(device.rows()[4].health, 100);
}

TEST(DeviceHealthTest, InvalidReadingsAndAnomaliesTakeTheirShares) {
  Device device;
  for (int64_t i = 0; i < 181; ++i) {
    device.Read(i * kMinute, 20, /*invalid=*/i % 4 == 0);
    if (i >= 60 && i < 72) device.MarkAnomalous(i * kMinute);
  }
  ASSERT_EQ(device.rows().size(), 3U);
  EXPECT_EQ(device.rows()[0].health, 75);
  EXPECT_EQ(device.rows()[0].device.invalid, 15U);
  // The first anomalous reading stands for no time of this hour: the one before it was in the last.
  EXPECT_NEAR(device.rows()[1].anomaly_share, 11.0 / 60, 1e-9);
  EXPECT_NEAR(device.rows()[1].health, 75 * (1 - 11.0 / 60), 1e-9);
  EXPECT_EQ(device.rows()[2].health, 75);
}

TEST(DeviceHealthTest, LateReadingsCountAsReceivedButNotAsFresh) {
  Device device;
  device.ReadRegularly(0, kHourUs, kMinute);
  HourlyStats hours(kHourUs);
  DeviceHour hour;
  EXPECT_EQ(device.health().OnReading(0, 30 * kMinute, kHourUs, false, &hour), 0);
  EXPECT_EQ(hour.readings, 1U);
  EXPECT_EQ(hour.late, 1U);
  EXPECT_EQ(hour.last_us, 0);
}

TEST(DeviceHealthTest, ALevelThatMovesIsDrift) {
  Device device;
  int64_t time_us = 0;
  const auto hours = [&](int64_t count, double level, double slope) {
    for (int64_t i = 0; i < count; ++i, time_us += kHourUs) {
      const double day = std::sin(2 * M_PI * static_cast<double>(i) / 24);
      device.ReadRegularly(time_us, time_us + kHourUs, 20 * kMinute,
                           level + 3 * day + slope * static_cast<double>(i));
    }
  };
  hours(10 * 24, 20, 0);
  for (const HealthRow& row : device.rows()) EXPECT_FALSE(row.drift > 0) << row.hour_us;
  hours(4 * 24, 20, 0.2);
  EXPECT_GT(device.rows().back().drift, 0.5);
  EXPECT_EQ(device.rows().back().drift_metric, 0);
  EXPECT_NEAR(device.rows().back().health, 100 * (1 - device.rows().back().drift / 2), 1e-9);
}

TEST(DeviceHealthTest, APreviewTellsOfWhatThereIsAndChangesNothing) {
  Device device;
  device.ReadRegularly(0, kHourUs + 30 * kMinute, kMinute);
  const auto preview = device.Preview();
  ASSERT_EQ(preview.size(), 1U);
  EXPECT_EQ(preview[0].hour_us, kHourUs);
  EXPECT_EQ(preview[0].until_us, kHourUs + 29 * kMinute);
  EXPECT_EQ(preview[0].health, 100);
  device.ReadRegularly(kHourUs + 30 * kMinute, 2 * kHourUs + kMinute, kMinute);
  ASSERT_EQ(device.rows().size(), 2U);
  EXPECT_EQ(device.rows()[1].hour_us, kHourUs);
  EXPECT_TRUE(device.rows()[1].amends);
}

TEST(DeviceHealthTest, HugeAndMissingValuesLeaveHealthFinite) {
  Device device;
  for (int64_t hour = 0; hour < 200; ++hour) {
    const double value = hour % 3 == 0 ? 1e300 : hour % 3 == 1 ? kNone : -1e300;
    device.ReadRegularly(hour * kHourUs, (hour + 1) * kHourUs, 10 * kMinute, value);
  }
  for (const HealthRow& row : device.rows()) EXPECT_TRUE(std::isfinite(row.health));
}

TEST(DeviceHealthTest, SavedStateContinues) {
  Device device;
  device.ReadRegularly(0, 100 * kHourUs, 10 * kMinute);
  StateWriter writer;
  device.health().Save(&writer);
  const std::string bytes = writer.Take();
  DeviceHealth loaded;
  StateReader reader(bytes);
  ASSERT_TRUE(loaded.Load(&reader).ok());
  EXPECT_TRUE(reader.AtEnd());
  StateWriter again;
  loaded.Save(&again);
  EXPECT_EQ(again.bytes(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    StateReader cut(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(loaded.Load(&cut).ok());
  }
}

}  // namespace
}  // namespace avocet
