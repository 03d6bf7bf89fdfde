#include "src/detect/missing.h"

#include <gtest/gtest.h>

#include <random>

#include "src/detect/detector_testing.h"

namespace avocet {
namespace {

using testing::Feeder;
using testing::kSecond;
using testing::MakeDetector;
using testing::TestReading;

// (slot, seconds of the deadline) of each anomaly. `batch`: readings per tick, each ended by
// Advance.
using Gaps = std::vector<std::pair<uint32_t, int64_t>>;
Gaps FindGaps(const std::map<std::string, double>& overrides, std::span<const TestReading> readings,
              size_t batch = SIZE_MAX, bool advance = true) {
  const auto detector = MakeDetector(MissingType(), overrides);
  Feeder feeder;
  std::vector<Anomaly> anomalies;
  for (size_t begin = 0; begin < readings.size();) {
    const size_t size = std::min(batch, readings.size() - begin);
    feeder.Feed(readings.subspan(begin, size), detector.get(), &anomalies, advance);
    begin += size;
  }
  Gaps gaps;
  for (const Anomaly& anomaly : anomalies) {
    EXPECT_EQ(anomaly.row, kNoRow);
    EXPECT_EQ(anomaly.metric, kWholeDevice);
    EXPECT_TRUE(std::isnan(anomaly.value));
    EXPECT_EQ(anomaly.reason, "no_reading");
    EXPECT_EQ(anomaly.score, 1);
    EXPECT_EQ(anomaly.event_time_us % kSecond, 0);
    gaps.emplace_back(anomaly.slot, anomaly.event_time_us / kSecond);
  }
  return gaps;
}

// Readings of `slot` every 10 s in [from, to] seconds.
void AddEveryTenSeconds(uint32_t slot, int64_t from, int64_t to,
                        std::vector<TestReading>* readings) {
  for (int64_t second = from; second <= to; second += 10) {
    readings->push_back({slot, second * kSecond, {1}});
  }
}

std::vector<TestReading> InOrderOfTime(std::vector<TestReading> readings) {
  std::stable_sort(readings.begin(), readings.end(),
                   [](const auto& a, const auto& b) { return a.time_us < b.time_us; });
  return readings;
}

TEST(MissingTest, TheDevicesOwnNextReadingFindsTheGap) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100, &readings);
  AddEveryTenSeconds(0, 160, 200, &readings);
  AddEveryTenSeconds(0, 250, 300, &readings);  // 50 s: not six periods
  EXPECT_EQ(FindGaps({}, readings), (Gaps{{0, 160}}));
  EXPECT_EQ(FindGaps({}, readings, 1), (Gaps{{0, 160}}));
  EXPECT_EQ(FindGaps({}, readings, 3, false), (Gaps{{0, 160}}));
}

TEST(MissingTest, TheFleetFindsTheGapOnce) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100, &readings);
  AddEveryTenSeconds(1, 0, 1000, &readings);
  AddEveryTenSeconds(0, 1010, 1050, &readings);
  readings = InOrderOfTime(readings);
  for (const size_t batch : {size_t{1}, size_t{7}, SIZE_MAX}) {
    EXPECT_EQ(FindGaps({}, readings, batch), (Gaps{{0, 160}}));
  }
}

TEST(MissingTest, TheFleetMustReachTheDeadline) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100, &readings);
  AddEveryTenSeconds(1, 0, 150, &readings);
  readings = InOrderOfTime(readings);
  readings.push_back({1, 160 * kSecond - 1, {1}});
  EXPECT_TRUE(FindGaps({}, readings).empty());
  readings.push_back({1, 160 * kSecond, {1}});
  EXPECT_EQ(FindGaps({}, readings), (Gaps{{0, 160}}));
}

TEST(MissingTest, AFleetThatIsAheadCountsAlsoWhenTheReadingItselfIsEarly) {
  // The device is slow to report: its reading of 110 s arrives when others are at 200 s.
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100, &readings);
  readings.push_back({1, 200 * kSecond, {1}});
  readings.push_back({0, 110 * kSecond, {1}});
  EXPECT_EQ(FindGaps({}, readings, SIZE_MAX, false), (Gaps{{0, 160}}));
  EXPECT_EQ(FindGaps({}, readings, 1, true), (Gaps{{0, 160}}));
}

TEST(MissingTest, EachGapIsRaisedAgain) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100, &readings);
  AddEveryTenSeconds(0, 200, 300, &readings);
  AddEveryTenSeconds(0, 400, 500, &readings);
  EXPECT_EQ(FindGaps({}, readings, 5), (Gaps{{0, 160}, {0, 360}}));
}

TEST(MissingTest, HistoriesReadOneDeviceAfterTheOtherAreNotGaps) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100'000, &readings);
  AddEveryTenSeconds(1, 0, 50'000, &readings);
  AddEveryTenSeconds(1, 50'100, 100'000, &readings);
  AddEveryTenSeconds(2, 0, 100'000, &readings);
  for (const size_t batch : {size_t{1}, size_t{100}, SIZE_MAX}) {
    EXPECT_EQ(FindGaps({}, readings, batch), (Gaps{{1, 50'060}}));
  }
}

TEST(MissingTest, ADeviceThatLagsBehindIsTimedFromItsArrival) {
  std::vector<TestReading> readings;
  for (int64_t second = 0; second <= 2000; second += 10) {
    readings.push_back({0, (second + 3600) * kSecond, {1}});
    if (second <= 1000) readings.push_back({1, second * kSecond, {1}});
  }
  for (const size_t batch : {size_t{1}, size_t{9}, SIZE_MAX}) {
    EXPECT_EQ(FindGaps({}, readings, batch), (Gaps{{1, 1060}}));
  }
}

TEST(MissingTest, AClockInTheFutureAccusesEachSilentDeviceOnceOnly) {
  std::vector<TestReading> readings;
  for (uint32_t slot = 0; slot < 3; ++slot) AddEveryTenSeconds(slot, 0, 1000, &readings);
  readings = InOrderOfTime(readings);
  readings.push_back({3, 86'400 * kSecond, {1}});
  std::vector<TestReading> after;
  for (uint32_t slot = 0; slot < 3; ++slot) AddEveryTenSeconds(slot, 1010, 3000, &after);
  after = InOrderOfTime(after);
  readings.insert(readings.end(), after.begin(), after.end());
  for (const size_t batch : {size_t{1}, size_t{9}, SIZE_MAX}) {
    EXPECT_EQ(FindGaps({}, readings, batch).size(), 3U);
  }
}

TEST(MissingTest, ThePeriodIsTheMedianOfTheLastSpacings) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 40, &readings);  // four spacings: not known yet
  readings.push_back({0, 10'000 * kSecond, {1}});
  EXPECT_TRUE(FindGaps({}, readings).empty());
  // Five now, one of them an outlier.
  readings.push_back({0, 10'060 * kSecond, {1}});
  EXPECT_EQ(FindGaps({}, readings), (Gaps{{0, 10'060}}));
  // A device that slows down for good is believed after five readings.
  readings.clear();
  AddEveryTenSeconds(0, 0, 1000, &readings);
  for (int64_t i = 1; i <= 30; ++i) readings.push_back({0, (1000 + i * 100) * kSecond, {1}});
  EXPECT_EQ(FindGaps({}, readings).size(), 5U);
}

TEST(MissingTest, RepeatedTimesAreNoSpacing) {
  std::vector<TestReading> readings;
  for (int64_t second = 0; second <= 200; second += 10) {
    for (int copy = 0; copy < 5; ++copy) readings.push_back({0, second * kSecond, {1}});
  }
  readings.push_back({0, 255 * kSecond, {1}});
  EXPECT_TRUE(FindGaps({}, readings).empty());
}

TEST(MissingTest, AGivenPeriodWorksFromTheFirstReading) {
  const std::vector<TestReading> readings = {{0, 0, {1}}, {0, 90 * kSecond, {1}}};
  EXPECT_EQ(FindGaps({{"period", 30}, {"periods", 3}}, readings), (Gaps{{0, 90}}));
  EXPECT_TRUE(FindGaps({{"period", 30.1}, {"periods", 3}}, readings).empty());
}

TEST(MissingTest, LateReadingsAreNoSignOfLife) {
  std::vector<TestReading> readings;
  AddEveryTenSeconds(0, 0, 100, &readings);
  AddEveryTenSeconds(1, 0, 200, &readings);
  readings = InOrderOfTime(readings);
  readings.push_back({0, 95 * kSecond, {1}});
  EXPECT_EQ(FindGaps({}, readings), (Gaps{{0, 160}}));
}

TEST(MissingTest, ConfiguredMetricsAreWatchedOneByOne) {
  const auto detector = MakeDetector(MissingType(), {}, {"b"}, {"a", "b"});
  std::vector<TestReading> readings;
  for (int64_t second = 0; second <= 300; second += 10) {
    readings.push_back({0, second * kSecond, {1, second > 100 ? kNullValue : 1}});
  }
  std::vector<Anomaly> anomalies;
  Feeder().Feed(readings, detector.get(), &anomalies);
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_EQ(anomalies[0].metric, 1);
  EXPECT_EQ(anomalies[0].event_time_us, 160 * kSecond);
  EXPECT_EQ(detector->Explain(anomalies[0], "humidity (%)"),
            "the device sent no humidity (%) for 6 of its usual periods; it was due by "
            "1970-01-01T00:02:40Z");
  anomalies[0].metric = kWholeDevice;
  EXPECT_EQ(MakeDetector(MissingType(), {{"period", 30}})->Explain(anomalies[0], ""),
            "the device sent no reading for 6 periods of 30s; it was due by "
            "1970-01-01T00:02:40Z");
}

TEST(MissingTest, ExtremeTimesDoNotOverflow) {
  const std::vector<TestReading> readings = {
      {0, INT64_MIN + 1, {1}}, {1, 0, {1}}, {0, INT64_MAX - 1, {1}}, {0, INT64_MAX, {1}}};
  std::vector<Anomaly> anomalies;
  const auto given = MakeDetector(MissingType(), {{"period", 1e6}, {"periods", 1e6}});
  Feeder().Feed(readings, given.get(), &anomalies);
  given->Advance(INT64_MAX, &anomalies);
  EXPECT_EQ(anomalies.size(), 2U);  // not the silence that would end after the end of time
  anomalies.clear();
  const auto learned = MakeDetector(MissingType());
  Feeder().Feed(readings, learned.get(), &anomalies);
  learned->Advance(INT64_MAX, &anomalies);
  EXPECT_TRUE(anomalies.empty());
}

// What the header says, kept as plain lists and looked at after every reading.
Gaps GapsOfReference(const std::vector<TestReading>& readings, uint32_t num_slots) {
  struct Device {
    std::vector<int64_t> times;
    int64_t arrived_at = 0;  // fleet time
    bool raised = false;
  };
  std::vector<Device> devices(num_slots);
  int64_t fleet = INT64_MIN;
  Gaps gaps;
  for (const TestReading& reading : readings) {
    Device& own = devices[reading.slot];
    const bool late = !own.times.empty() && reading.time_us < own.times.back();
    for (uint32_t slot = 0; slot < num_slots; ++slot) {
      Device& device = devices[slot];
      std::vector<int64_t> spacings;
      for (size_t i = device.times.size(); i-- > 1 && spacings.size() < 9;) {
        if (device.times[i] > device.times[i - 1]) {
          spacings.push_back(device.times[i] - device.times[i - 1]);
        }
      }
      if (spacings.size() < 5 || device.raised) continue;
      std::sort(spacings.begin(), spacings.end());
      const int64_t period = spacings[spacings.size() / 2];
      const int64_t last = device.times.back();
      const bool behind = device.arrived_at != INT64_MIN && device.arrived_at - last > period;
      const int64_t fleet_deadline = (behind ? device.arrived_at : last) + 6 * period;
      const bool own_finds_it =
          slot == reading.slot && !late && reading.time_us >= last + 6 * period;
      if (fleet >= fleet_deadline || own_finds_it) {
        device.raised = true;
        gaps.emplace_back(slot, (last + 6 * period) / kSecond);
      }
    }
    if (!late) {
      own.times.push_back(reading.time_us);
      own.arrived_at = fleet;
      own.raised = false;
    }
    fleet = std::max(fleet, reading.time_us);
  }
  return gaps;
}

TEST(MissingTest, MatchesReference) {
  constexpr uint32_t kSlots = 6;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<int64_t> now(kSlots);
    std::vector<TestReading> readings;
    for (int i = 0; i < 3000; ++i) {
      const auto slot = static_cast<uint32_t>(random() % kSlots);
      // Whole seconds fit a float exactly.
      now[slot] += static_cast<int64_t>(random() % 12) * kSecond;
      if (random() % 50 == 0) now[slot] += static_cast<int64_t>(random() % 200) * kSecond;
      const int64_t back = random() % 20 == 0 ? static_cast<int64_t>(random() % 30) : 0;
      readings.push_back({slot, now[slot] - back * kSecond, {1}});
    }
    Gaps want = GapsOfReference(readings, kSlots);
    Gaps got = FindGaps({}, readings, 1 + random() % 100, false);
    EXPECT_GT(want.size(), 20U);
    const Gaps by_fleet = FindGaps({}, readings, 1 + random() % 100, true);
    std::sort(want.begin(), want.end());
    std::sort(got.begin(), got.end());
    Gaps all = by_fleet;
    std::sort(all.begin(), all.end());
    // Without Advance only devices that report again are found; with it, all that the reference
    // found.
    EXPECT_TRUE(std::includes(want.begin(), want.end(), got.begin(), got.end()));
    EXPECT_TRUE(std::includes(all.begin(), all.end(), want.begin(), want.end()));
    EXPECT_LE(all.size() - want.size(), kSlots);
  }
}

}  // namespace
}  // namespace avocet
