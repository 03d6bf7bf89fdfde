#include "src/server/alert_chart.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace avocet {
namespace {

constexpr int64_t kFrom = 1'623'715'200'000'000;  // 2021-06-15T00:00:00Z
constexpr int64_t kSecond = 1'000'000;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

AlertChange Change() {
  AlertChange change;
  change.device = "press-7";
  change.metric = "temperature";
  change.event_time_us = kFrom + 3599 * kSecond;
  change.strongest.value = 80;
  change.strongest.upper = 70;
  change.strongest.lower = kNone;
  return change;
}

SeriesBuckets::Answer Series(double value) {
  SeriesBuckets buckets(kFrom, kFrom + 3600 * kSecond, 600, 1);
  for (int second = 0; second < 3600; second += 10) {
    const double values[] = {value + second % 70 / 10.0};
    const double means[] = {value + 3};
    buckets.Add(kFrom + second * kSecond, values, means);
  }
  return buckets.Finish();
}

TEST(AlertChart, IsAPictureThatDependsOnWhatHappened) {
  const auto draw = [](double value, const AlertChange& change) {
    return DrawAlertChart(Series(value), kFrom, kFrom + 3600 * kSecond, change);
  };
  const std::string chart = draw(60, Change());
  EXPECT_EQ(chart.substr(1, 3), "PNG");
  EXPECT_LT(chart.size(), 20'000U);
  EXPECT_EQ(chart, draw(60, Change()));
  EXPECT_NE(chart, draw(61, Change()));
  AlertChange other = Change();
  other.strongest.value = 75;
  EXPECT_NE(chart, draw(60, other));
}

TEST(AlertChart, NothingIsTooStrangeToBeDrawn) {
  AlertChange change = Change();
  change.strongest.value = change.strongest.upper = kNone;
  for (const double value : {kNone, 0.0, 1e300, -1e300}) {
    EXPECT_FALSE(DrawAlertChart(Series(value), kFrom, kFrom + 3600 * kSecond, change).empty())
        << value;
  }
}

TEST(AlertChart, WithoutReadingsThereIsNone) {
  AnomalyFeed feed(10);
  AlertBoard board(10);
  const LiveFleet fleet(&feed, &board, size_t{1} << 20);
  EXPECT_EQ(AlertChart(fleet, Change()), "");
}

}  // namespace
}  // namespace avocet
