#include "src/engine/stage_clock.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, QuantilesAreUpperEndsWithinAFifth) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5).count(), 0);
  for (int i = 1; i <= 1000; ++i) histogram.Add(nanoseconds(i * 1000), 1);
  for (const double q : {0.01, 0.5, 0.99, 1.0}) {
    const double exact = q * 1'000'000;
    const auto got = static_cast<double>(histogram.Quantile(q).count());
    EXPECT_GE(got, exact * 0.999) << q;
    EXPECT_LE(got, exact * 1.2) << q;
  }
}

TEST(LatencyHistogramTest, WeightsCount) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(100), 99);
  histogram.Add(nanoseconds(1'000'000), 1);
  EXPECT_LT(histogram.Quantile(0.99).count(), 130);
  EXPECT_GT(histogram.Quantile(1.0).count(), 900'000);
}

}  // namespace
}  // namespace avocet
