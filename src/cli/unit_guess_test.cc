#include "src/cli/unit_guess.h"

#include <gtest/gtest.h>

#include <limits>

namespace avocet {
namespace {

TEST(UnitGuessTest, NamesAndValuesDecide) {
  const auto f = [](std::string_view name, double min, double median, double max,
                    std::string_view unit) {
    EXPECT_EQ(GuessUnit(name, min, median, max).unit, unit) << name;
  };
  f("Temperature", 20, 30, 40, "degC");
  f("temperature", 60, 70, 90, "degF");
  f("outside_temp", 280, 290, 300, "K");
  f("Temperature (\xC2\xB0"
    "F)",
    -5, 10, 20, "degF");
  f("temp_f", 20, 30, 40, "degF");
  f("temp_c", 60, 70, 90, "degC");
  f("airTemp", 1, 2, 3, "degC");
  f("Humidity", 20, 40, 60, "%");
  f("humidity", 0.2, 0.4, 0.6, "1");
  f("pressure", 990, 1013, 1030, "hPa");
  f("Pressure", 99'000, 101'300, 103'000, "Pa");
  f("pressure_kpa", 99, 101, 103, "kPa");
  f("Light", 100, 640, 700, "lux");
  f("Loudness", 100, 110, 600, "");
  f("loudness", 30, 40, 90, "dB");
  f("battery", 2.9, 3.1, 3.3, "V");
  f("battery", 10, 80, 100, "%");
  f("supply [mV]", 2900, 3100, 3300, "mV");
  f("Air Quality", 70, 75, 120, "");
  f("attempts", 1, 2, 3, "");
  f("m", 1, 2, 3, "");
  f("", 1, 2, 3, "");
}

TEST(UnitGuessTest, PhysicalRangesBelongToTheUnit) {
  const UnitGuess humidity = GuessUnit("humidity", 20, 40, 60);
  ASSERT_TRUE(humidity.physical.has_value());
  EXPECT_TRUE(humidity.physical->Covers(0, 100));
  EXPECT_FALSE(humidity.physical->Covers(0, 100.5));
  EXPECT_FALSE(GuessUnit("power", 0, 1, 2).physical.has_value());
}

TEST(UnitGuessTest, WidenedRangesLeaveRoom) {
  const auto f = [](double min, double max, double want_min, double want_max) {
    const ValueRange range = WidenedRange(min, max);
    EXPECT_DOUBLE_EQ(range.min, want_min) << min << " " << max;
    EXPECT_DOUBLE_EQ(range.max, want_max) << min << " " << max;
  };
  f(74, 115, 25, 175);
  f(0, 0, 0, 1e-9);
  f(-10, 10, -30, 30);
  f(5, 5, 4.5, 5.5);
  constexpr double kHuge = std::numeric_limits<double>::max();
  f(-kHuge, kHuge, -kHuge, kHuge);
}

}  // namespace
}  // namespace avocet
