#include "src/server/reading_ring.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace avocet {
namespace {

void Push(ReadingRing* ring, int64_t time, std::vector<double> values) {
  ring->Push(time);
  for (size_t metric = 0; metric < values.size(); ++metric) {
    ring->Set(metric, values[metric], values[metric] / 2);
  }
}

TEST(ReadingRingTest, TheOldestGoesFirst) {
  ReadingRing ring;
  ring.SetMetrics(1);
  ring.Grow(4);
  for (int i = 1; i <= 6; ++i) Push(&ring, i, {i * 1.0});
  ASSERT_EQ(ring.size(), 4u);
  EXPECT_EQ(ring.time_us(0), 3);
  EXPECT_EQ(ring.value(3, 0), 6);
  EXPECT_EQ(ring.FirstFrom(4), 1u);
  EXPECT_EQ(ring.FirstFrom(9), 4u);
  ring.Grow(8);
  Push(&ring, 7, {7});
  EXPECT_EQ(ring.size(), 5u);
  EXPECT_EQ(ring.time_us(0), 3);
  EXPECT_EQ(ring.value(4, 0), 7);
  EXPECT_EQ(ring.mean(4, 0), 3.5);
}

TEST(ReadingRingTest, ANewMetricHasNoValueInEarlierRows) {
  ReadingRing ring;
  ring.SetMetrics(1);
  ring.Grow(4);
  Push(&ring, 1, {1});
  ring.SetMetrics(2);
  Push(&ring, 2, {2, 20});
  EXPECT_EQ(ring.value(0, 0), 1);
  EXPECT_EQ(ring.mean(0, 0), 0.5);
  EXPECT_TRUE(std::isnan(ring.value(0, 1)));
  EXPECT_EQ(ring.mean(1, 1), 10);
}

}  // namespace
}  // namespace avocet
