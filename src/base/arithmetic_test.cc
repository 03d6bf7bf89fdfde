// What rows rely on to be the same on all processors; see cmake/flags.cmake.
#include <gtest/gtest.h>

#include <cmath>

namespace avocet {
namespace {

TEST(ArithmeticTest, AProductIsRoundedBeforeItIsAdded) {
  // Of what the compiler does not know, so that the processor computes it.
  volatile double tiny = std::ldexp(1, -27);
  const double more = 1 + tiny;
  const double less = 1 - tiny;
  EXPECT_EQ(more * less - 1, 0);
}

TEST(ArithmeticTest, BytesOutsideOfAsciiAreNegative) { EXPECT_LT("\u00fc"[0], 0); }

}  // namespace
}  // namespace avocet
