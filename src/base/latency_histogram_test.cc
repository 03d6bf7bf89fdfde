#include "src/base/latency_histogram.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(LatencyHistogramTest, QuantilesAreUpperEndsWithinAnEighth) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5).count(), 0);
  for (int i = 1; i <= 1000; ++i) histogram.Add(microseconds(i));
  for (const double q : {0.01, 0.5, 0.99, 1.0}) {
    const double exact = q * 1'000'000;
    const auto got = static_cast<double>(histogram.Quantile(q).count());
    EXPECT_GE(got, exact * 0.999) << q;
    EXPECT_LE(got, exact * 1.13) << q;
  }
}

TEST(LatencyHistogramTest, WeightsCount) {
  LatencyHistogram histogram;
  histogram.Add(microseconds(10), 99);
  histogram.Add(milliseconds(1), 1);
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_EQ(histogram.Quantile(0.99), microseconds(10));
  EXPECT_EQ(histogram.Quantile(1.0), milliseconds(1));
  EXPECT_DOUBLE_EQ(histogram.sum_seconds(), 99 * 10e-6 + 1e-3);
}

TEST(LatencyHistogramTest, RoundLimitsAreExact) {
  for (const nanoseconds limit : {nanoseconds(microseconds(1)), nanoseconds(microseconds(2500)),
                                  nanoseconds(milliseconds(50)), nanoseconds(seconds(1000))}) {
    LatencyHistogram histogram;
    histogram.Add(limit);
    histogram.Add(limit + nanoseconds(1));
    EXPECT_EQ(histogram.CountUpTo(limit), 1U) << limit.count();
  }
}

TEST(LatencyHistogramTest, WhatIsBeyondTheEndsCounts) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(-5));
  histogram.Add(hours(100));
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.CountUpTo(microseconds(1)), 1U);
  EXPECT_EQ(histogram.CountUpTo(hours(1000)), 1U);
  EXPECT_EQ(histogram.Quantile(1.0), seconds(9000));
}

}  // namespace
}  // namespace avocet
