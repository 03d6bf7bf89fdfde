#include "src/env/time_zone.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

constexpr int64_t kSecond = 1'000'000;

TEST(TimeZone, KnowsSummerTime) {
  const auto berlin = TimeZone::Load("Europe/Berlin");
  ASSERT_TRUE(berlin.ok());
  // 2026-03-29 01:00 UTC: from 2:00 to 3:00 on a Sunday.
  constexpr int64_t kChange = 1'774'746'000 * kSecond;
  EXPECT_EQ(berlin->At(kChange - kSecond).minute, 1 * 60 + 59);
  EXPECT_EQ(berlin->At(kChange).minute, 3 * 60);
  EXPECT_EQ(berlin->At(kChange).weekday, 6);
  // A minute before midnight in UTC is already Monday there.
  EXPECT_EQ(berlin->At(1'774'828'740 * kSecond).weekday, 0);
  const auto utc = TimeZone::Load("UTC");
  ASSERT_TRUE(utc.ok());
  EXPECT_EQ(utc->At(-kSecond).minute, 24 * 60 - 1);
  EXPECT_EQ(utc->At(0).weekday, 3);  // 1970-01-01 was a Thursday.
}

TEST(TimeZone, UnknownNamesAreErrors) {
  for (const char* name : {"", "Europe/Berlim", "../etc/passwd"}) {
    EXPECT_EQ(TimeZone::Load(name).status().code(), StatusCode::kNotFound) << name;
  }
}

}  // namespace
}  // namespace avocet
