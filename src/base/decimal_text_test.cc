#include "src/base/decimal_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace avocet {
namespace {

std::string Fixed(double value, int decimals) {
  std::string text;
  AppendFixed(value, decimals, &text);
  return text;
}

std::string TenDigits(double value) {
  std::string text;
  AppendTenDigits(value, &text);
  return text;
}

TEST(DecimalTextTest, WritesWhatPrintfWrites) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 30000; ++i) {
    double value = 0;
    const uint64_t bits = random();
    switch (i % 5) {
      case 0:
        std::memcpy(&value, &bits, sizeof(value));
        break;
      case 1:  // short decimals, with ties such as 0.125
        value = static_cast<double>(static_cast<int64_t>(bits % 2000001) - 1000000) / 1000;
        break;
      case 2:
        value = std::ldexp(static_cast<double>(static_cast<int64_t>(bits % 4001) - 2000), -4);
        break;
      case 3:
        value = static_cast<double>(static_cast<int64_t>(bits)) / 1e12;
        break;
      default:
        value = std::pow(10.0, static_cast<double>(bits % 40) - 20) * (bits % 2 == 0 ? 1 : -1);
    }
    for (int decimals = 0; decimals <= 9; decimals += 1 + static_cast<int>(random() % 3)) {
      ASSERT_EQ(Fixed(value, decimals), fmt::format("{:.{}f}", value, decimals)) << value;
    }
    ASSERT_EQ(TenDigits(value), fmt::format("{:.10g}", value));
  }
}

TEST(DecimalTextTest, HasNoTroubleWithSpecialNumbers) {
  for (const double value :
       {0.0, -0.0, 1e10, 9999999999.0, 99999999995.0, 0.0001, 0.00009999,
        std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(),
        std::nan("")}) {
    EXPECT_EQ(Fixed(value, 3), fmt::format("{:.3f}", value));
    EXPECT_EQ(TenDigits(value), fmt::format("{:.10g}", value));
  }
}

}  // namespace
}  // namespace avocet
