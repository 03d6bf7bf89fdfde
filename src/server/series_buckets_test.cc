#include "src/server/series_buckets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

void Add(int64_t time, double value, double mean, SeriesBuckets* out) {
  out->Add(time, std::vector<double>{value}, std::vector<double>{mean});
}

TEST(SeriesBucketsTest, FewReadingsStayAsTheyAreInOrderOfTime) {
  SeriesBuckets buckets(0, 100, 10, 1);
  Add(50, 5, 4, &buckets);
  Add(10, 1, kNone, &buckets);
  Add(100, 9, 9, &buckets);  // outside
  Add(-1, 9, 9, &buckets);
  const auto answer = buckets.Finish();
  EXPECT_TRUE(answer.is_raw);
  EXPECT_EQ(answer.readings, 2u);
  EXPECT_EQ(answer.time_us, (std::vector<int64_t>{10, 50}));
  EXPECT_EQ(answer.metrics[0].mean, (std::vector<double>{1, 5}));
  EXPECT_TRUE(std::isnan(answer.metrics[0].expected[0]));
  EXPECT_EQ(answer.metrics[0].expected[1], 4);
}

TEST(SeriesBucketsTest, ManyReadingsKeepTheirExtremes) {
  SeriesBuckets buckets(0, 1000, 10, 1);
  for (int i = 0; i < 1000; ++i) Add(i, i == 455 ? 1e6 : i % 7, 3, &buckets);
  const auto answer = buckets.Finish();
  EXPECT_FALSE(answer.is_raw);
  EXPECT_EQ(answer.bucket_us, 100);
  EXPECT_EQ(answer.readings, 1000u);
  ASSERT_EQ(answer.time_us.size(), 10u);
  EXPECT_EQ(answer.time_us[4], 450);
  EXPECT_EQ(answer.metrics[0].max[4], 1e6);
  EXPECT_EQ(answer.metrics[0].min[4], 0);
  EXPECT_EQ(answer.metrics[0].max[5], 6);
  EXPECT_EQ(answer.metrics[0].expected[0], 3);
}

TEST(SeriesBucketsTest, EmptyBucketsAreLeftOut) {
  SeriesBuckets buckets(0, 1000, 10, 1);
  for (int i = 0; i < 100; ++i) Add(i, 1, 1, &buckets);
  Add(999, 2, 2, &buckets);
  const auto answer = buckets.Finish();
  EXPECT_EQ(answer.time_us, (std::vector<int64_t>{50, 950}));
}

TEST(SeriesBucketsTest, SpreadIsThreeDeviationsFromTheMean) {
  SeriesBuckets buckets(0, 1000, 2000, 2);
  for (int i = 0; i < 1000; ++i) {
    const double value = i % 2 == 0 ? 9 : 11;
    buckets.Add(i, std::vector<double>{value, kNone}, std::vector<double>{10, 10});
  }
  const auto answer = buckets.Finish();
  EXPECT_NEAR(answer.metrics[0].spread, 3, 1e-9);
  EXPECT_TRUE(std::isnan(answer.metrics[1].spread));
}

}  // namespace
}  // namespace avocet
