#include "src/cli/signs_of_life.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using std::chrono::seconds;

TEST(SignsOfLifeTest, SeveralAreGivenWithinTheTimeoutWhileTheHeartMoves) {
  SignsOfLife signs(seconds(40), seconds(0));
  int given = 0;
  for (int second = 1; second <= 400; ++second) {
    if (signs.IsDue(seconds(second), static_cast<uint64_t>(second))) ++given;
    EXPECT_FALSE(signs.IsMissing(seconds(second)));
  }
  EXPECT_EQ(given, 40);
}

TEST(SignsOfLifeTest, NoneIsGivenWhileTheHeartStandsStill) {
  SignsOfLife signs(seconds(40), seconds(0));
  EXPECT_TRUE(signs.IsDue(seconds(10), 7));
  for (int second = 11; second <= 100; ++second) EXPECT_FALSE(signs.IsDue(seconds(second), 7));
  EXPECT_FALSE(signs.IsMissing(seconds(30)));
  EXPECT_TRUE(signs.IsMissing(seconds(31)));
  EXPECT_TRUE(signs.IsDue(seconds(101), 8));
  EXPECT_FALSE(signs.IsMissing(seconds(102)));
}

TEST(SignsOfLifeTest, WithoutAWatchdogNothingIsDue) {
  SignsOfLife signs(seconds(0), seconds(0));
  EXPECT_FALSE(signs.IsDue(seconds(100), 1));
  EXPECT_FALSE(signs.IsMissing(seconds(100)));
}

}  // namespace
}  // namespace avocet
