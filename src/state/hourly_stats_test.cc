#include "src/state/hourly_stats.h"

#include <gtest/gtest.h>

#include <cmath>

namespace avocet {
namespace {

constexpr int64_t kMinute = 60'000'000;

std::vector<HourRow> Close(HourlyStats* stats, int64_t newest) {
  std::vector<HourRow> rows;
  std::vector<EndedHour> ended;
  stats->Close(0, newest, &rows, &ended);
  return rows;
}

std::vector<HourRow> Flush(HourlyStats* stats, std::vector<EndedHour>* ended = nullptr,
                           int64_t newest = 20 * kMinute) {
  std::vector<HourRow> rows;
  std::vector<EndedHour> own;
  stats->Flush(std::vector<int64_t>{newest}, &rows, ended != nullptr ? ended : &own);
  return rows;
}

TEST(HourlyStatsTest, HoursBeginAtTheFullHourAlsoBefore1970) {
  EXPECT_EQ(HourOf(0), 0);
  EXPECT_EQ(HourOf(kHourUs - 1), 0);
  EXPECT_EQ(HourOf(kHourUs), kHourUs);
  EXPECT_EQ(HourOf(-1), -kHourUs);
}

TEST(HourlyStatsTest, AnHourClosesWhenTheDevicePassesItsEndByTheLateness) {
  HourlyStats stats(kHourUs);
  stats.Add(0, 10 * kMinute, 10 * kMinute, false, std::vector<double>{1.0});
  stats.Add(0, 20 * kMinute, 20 * kMinute, false, std::vector<double>{3.0});
  EXPECT_TRUE(Close(&stats, 2 * kHourUs - 1).empty());
  const auto rows = Close(&stats, 2 * kHourUs);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].hour_us, 0);
  EXPECT_EQ(rows[0].stats.count, 2U);
  EXPECT_EQ(rows[0].stats.min, 1.0);
  EXPECT_EQ(rows[0].stats.max, 3.0);
  EXPECT_EQ(rows[0].stats.mean, 2.0);
  EXPECT_DOUBLE_EQ(rows[0].stats.SampleDeviation(), std::sqrt(2.0));
  EXPECT_FALSE(rows[0].amends);
  EXPECT_TRUE(Close(&stats, 100 * kHourUs).empty());
}

TEST(HourlyStatsTest, ALateReadingAmendsAnOpenHourAndNotAClosedOne) {
  HourlyStats stats(kHourUs);
  stats.Add(0, 10 * kMinute, 10 * kMinute, false, std::vector<double>{1.0});
  stats.Add(0, 11 * kMinute, 2 * kHourUs - 1, true, std::vector<double>{5.0});
  stats.Add(0, 12 * kMinute, 2 * kHourUs, true, std::vector<double>{100.0});
  const auto rows = Close(&stats, 2 * kHourUs);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].stats.count, 2U);
  EXPECT_EQ(rows[0].stats.late, 1U);
  EXPECT_EQ(rows[0].stats.max, 5.0);
}

TEST(HourlyStatsTest, OneValueHasNoDeviationAndNullsDoNotCount) {
  HourlyStats stats(0);
  stats.Add(0, 0, 0, false, std::vector<double>{7.0, std::nan("")});
  const auto rows = Close(&stats, kHourUs);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].metric, 0);
  EXPECT_TRUE(std::isnan(rows[0].stats.SampleDeviation()));
}

TEST(HourlyStatsTest, AFlushedHourIsAmendedOnlyWhenItChanges) {
  HourlyStats stats(kHourUs);
  stats.Add(0, 10 * kMinute, 10 * kMinute, false, std::vector<double>{1.0, 2.0});
  EXPECT_EQ(Flush(&stats).size(), 2U);
  EXPECT_TRUE(Flush(&stats).empty());
  stats.Add(0, 20 * kMinute, 20 * kMinute, false, std::vector<double>{3.0, std::nan("")});
  const auto rows = Close(&stats, 2 * kHourUs);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].metric, 0);
  EXPECT_TRUE(rows[0].amends);
  EXPECT_EQ(rows[0].stats.count, 2U);
}

TEST(HourlyStatsTest, MarkedHoursBehaveAsIfFlushed) {
  HourlyStats stats(kHourUs);
  stats.Add(0, 10 * kMinute, 10 * kMinute, false, std::vector<double>{1.0, 2.0});
  stats.MarkWritten(0, 0, 0, /*count=*/1, /*anomalies=*/0, /*late=*/0);
  stats.MarkWritten(0, 0, 1, /*count=*/3, /*anomalies=*/0, /*late=*/0);
  const auto rows = Close(&stats, 2 * kHourUs);
  ASSERT_EQ(rows.size(), 1U);  // Metric 0 is in the table as it is.
  EXPECT_EQ(rows[0].metric, 1);
  EXPECT_TRUE(rows[0].amends);
}

TEST(HourlyStatsTest, AnomaliesCountInTheirHourAndAnHourMayHaveNothingElse) {
  HourlyStats stats(kHourUs);
  stats.AddAnomaly(0, 0, 5 * kMinute, 1);
  const auto rows = Close(&stats, 2 * kHourUs);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].stats.count, 0U);
  EXPECT_EQ(rows[0].stats.anomalies, 1U);
}

TEST(HourlyStatsTest, NextCloseIsTheEarliestOpenHour) {
  HourlyStats stats(kHourUs);
  EXPECT_EQ(stats.NextClose(0), INT64_MAX);
  stats.Add(0, 3 * kHourUs, 3 * kHourUs, false, std::vector<double>{1.0});
  EXPECT_EQ(stats.NextClose(0), 5 * kHourUs);
  stats.Add(0, 2 * kHourUs, 3 * kHourUs, true, std::vector<double>{1.0});
  EXPECT_EQ(stats.NextClose(0), 4 * kHourUs);
  Close(&stats, 4 * kHourUs);
  EXPECT_EQ(stats.NextClose(0), 5 * kHourUs);
}

TEST(HourlyStatsTest, EndedHoursComeInOrderOfTimeWithTheirReadings) {
  HourlyStats stats(2 * kHourUs);
  const std::vector<double> one{1.0};
  ++stats.Add(0, kHourUs + kMinute, kHourUs + kMinute, false, one)->readings;
  ++stats.Add(0, kMinute, kHourUs + kMinute, true, one)->readings;
  EXPECT_EQ(stats.FindDevice(0, kMinute)->readings, 1U);
  EXPECT_EQ(stats.FindDevice(0, 2 * kHourUs), nullptr);
  EXPECT_EQ(stats.FindDevice(1, kMinute), nullptr);
  std::vector<HourRow> rows;
  std::vector<EndedHour> ended;
  stats.Close(0, 5 * kHourUs, &rows, &ended);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].hour_us, 0);
  EXPECT_EQ(ended[0].until_us, kHourUs);
  EXPECT_EQ(ended[1].hour_us, kHourUs);
  EXPECT_EQ(ended[1].device.readings, 1U);
  EXPECT_EQ(ended[1].stats[0].count, 1U);
  EXPECT_FALSE(ended[1].amends);
  EXPECT_EQ(stats.Add(0, kMinute, 5 * kHourUs, true, one), nullptr);
}

TEST(HourlyStatsTest, AFlushedHourIsDueAgainWhenItOrOneBeforeItChanged) {
  HourlyStats stats(kHourUs);
  const std::vector<double> one{1.0};
  ++stats.Add(0, kMinute, kMinute, false, one)->readings;
  ++stats.Add(0, kHourUs + kMinute, kHourUs + kMinute, false, one)->readings;
  const auto flush = [&stats] {
    std::vector<EndedHour> ended;
    Flush(&stats, &ended, kHourUs + kMinute);
    return ended;
  };
  auto ended = flush();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_TRUE(ended[0].due && ended[1].due);
  EXPECT_FALSE(ended[0].amends || ended[1].amends);
  EXPECT_EQ(ended[0].until_us, kHourUs);
  EXPECT_EQ(ended[1].until_us, kHourUs + kMinute);
  ended = flush();
  EXPECT_FALSE(ended[0].due || ended[1].due);
  ++stats.Add(0, 2 * kMinute, kHourUs + kMinute, true, one)->readings;
  ended = flush();
  EXPECT_TRUE(ended[0].due && ended[1].due);
  EXPECT_TRUE(ended[0].amends && ended[1].amends);
  stats.MarkHealthWritten(0, kHourUs, kHourUs, /*readings=*/1, /*anomalies=*/0);
  ended = flush();
  EXPECT_FALSE(ended[0].due);
  EXPECT_TRUE(ended[1].due);
}

TEST(HourlyStatsTest, SavedStateContinues) {
  HourlyStats stats(kHourUs);
  stats.Add(0, 10 * kMinute, 10 * kMinute, false, std::vector<double>{1.0});
  Flush(&stats);
  StateWriter writer;
  stats.Save(&writer);
  const std::string bytes = writer.Take();
  HourlyStats loaded(kHourUs);
  StateReader reader(bytes);
  ASSERT_TRUE(loaded.Load(&reader).ok());
  EXPECT_EQ(loaded.NextClose(0), stats.NextClose(0));
  EXPECT_TRUE(Close(&loaded, 2 * kHourUs).empty());
  for (size_t size = 0; size < bytes.size(); ++size) {
    StateReader cut(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(loaded.Load(&cut).ok());
  }
}

}  // namespace
}  // namespace avocet
