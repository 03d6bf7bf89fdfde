#include "src/model/metric_name.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(NormalizeMetricName, MakesColumnNamesOfKeys) {
  const auto expect = [](std::string_view key, std::string_view want) {
    EXPECT_EQ(NormalizeMetricName(key), want) << key;
    EXPECT_EQ(NormalizeMetricName(want), want) << "not stable";
  };
  expect("temperature", "temperature");
  expect("Temperature", "temperature");
  expect("Air Quality", "air_quality");
  expect("  Air -- Quality! ", "air_quality");
  expect("PM2.5", "pm2_5");
  expect("2nd sensor", "_2nd_sensor");
  expect("__x__", "x");
  expect("_2nd", "_2nd");
  expect(
      "Temp (\xC2\xB0"
      "C)",
      "temp_c");
  expect("\xE6\xB8\xA9\xE5\xBA\xA6", "");
  expect("", "");
  expect("---", "");
}

TEST(IsReservedColumn, KnowsTheColumnsOfEveryTable) {
  for (const char* name : {"device_id", "event_time", "late", "date"}) {
    EXPECT_TRUE(IsReservedColumn(name)) << name;
  }
  EXPECT_FALSE(IsReservedColumn("temperature"));
  EXPECT_FALSE(IsReservedColumn(""));
}

}  // namespace
}  // namespace avocet
