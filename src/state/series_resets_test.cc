#include "src/state/series_resets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avocet {
namespace {

SeriesReset Reset(const std::string& device, const std::string& metric, int64_t from_us) {
  return {.device = device, .metric = metric, .actor = "ann", .from_us = from_us};
}

TEST(SeriesResetsTest, FindsThoseOfASeriesInASpanOfTime) {
  DeviceTable devices;
  const uint32_t a = devices.FindOrAdd("a", DeviceHash("a"));
  SeriesResets resets;
  const std::string metrics[] = {"t", "u"};
  resets.SetMetrics(metrics);
  SeriesReset waiting = Reset("a", "", 0);
  waiting.from_us.reset();
  const std::vector<SeriesReset> all = {Reset("a", "u", 100), Reset("b", "", 200), waiting};
  resets.Set(all);
  resets.SetDevices(devices);
  ASSERT_FALSE(resets.empty());
  EXPECT_TRUE(resets.Between(a, 1, 99, 100));
  EXPECT_FALSE(resets.Between(a, 1, 100, 300));
  EXPECT_FALSE(resets.Between(a, 1, 90, 99));
  EXPECT_FALSE(resets.Between(a, 0, 0, 300));
  // A device that comes later.
  const uint32_t b = devices.FindOrAdd("b", DeviceHash("b"));
  EXPECT_FALSE(resets.Between(b, 0, 0, 300));
  resets.SetDevices(devices);
  EXPECT_TRUE(resets.Between(b, 0, 0, 300));
  EXPECT_TRUE(resets.Between(b, 7, 199, 200));
}

TEST(SeriesResetsTest, OnesThatNobodyTookOverAreNone) {
  SeriesReset waiting = Reset("a", "", 0);
  waiting.from_us.reset();
  SeriesResets resets;
  resets.Set(std::span(&waiting, 1));
  EXPECT_TRUE(resets.empty());
}

}  // namespace
}  // namespace avocet
