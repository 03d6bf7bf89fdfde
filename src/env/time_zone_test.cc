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

TEST(TimeZone, ShownTimesBecomeUtc) {
  const auto berlin = TimeZone::Load("Europe/Berlin");
  ASSERT_TRUE(berlin.ok());
  constexpr int64_t kHour = 3600 * kSecond;
  constexpr int64_t kSpring = 1'774'746'000 * kSecond;  // 2026-03-29 01:00 UTC: 2:00 becomes 3:00
  EXPECT_EQ(berlin->ToUtc(kSpring + kHour - 1), kSpring - 1);
  EXPECT_EQ(berlin->ToUtc(kSpring + 2 * kHour), kSpring);
  EXPECT_EQ(berlin->ToUtc(kSpring + kHour + 5), kSpring + 5);  // left out by the clock
  constexpr int64_t kAutumn = 1'792'890'000 * kSecond;  // 2026-10-25 01:00 UTC: 3:00 becomes 2:00
  EXPECT_EQ(berlin->ToUtc(kAutumn + kHour), kAutumn - kHour);  // the first of two
  EXPECT_EQ(berlin->ToUtc(kAutumn + 2 * kHour), kAutumn + kHour);
  EXPECT_EQ(TimeZone::Utc().ToUtc(kSpring + 7), kSpring + 7);
}

TEST(TimePattern, ReadsWhatItSays) {
  const auto read = [](std::string_view pattern, std::string_view text, const char* zone = "UTC") {
    const auto made = TimePattern::Make(pattern, *TimeZone::Load(zone));
    EXPECT_TRUE(made.ok()) << pattern << ": " << made.status().message();
    return made.ok() ? made->Read(text) : std::nullopt;
  };
  constexpr int64_t kTime = 1'623'781'706 * kSecond;  // 2021-06-15T18:28:26Z
  EXPECT_EQ(read("%d.%m.%Y %H:%M:%S", "15.06.2021 18:28:26"), kTime);
  EXPECT_EQ(read("%d.%m.%Y %H:%M:%S", "15.6.2021 18:28:26.250"), kTime + kSecond / 4);
  EXPECT_EQ(read("%d.%m.%Y %H:%M:%S.%f", "15.06.2021 18:28:26.25"), kTime + kSecond / 4);
  EXPECT_EQ(read("%d.%m.%Y %T", "15.06.2021 20:28:26", "Europe/Berlin"), kTime);
  EXPECT_EQ(read("%m/%d/%y %I:%M:%S %p", "6/15/21 6:28:26 PM"), kTime);
  EXPECT_EQ(read("%a %b %d %H:%M:%S %Y", "Tue Jun 15 18:28:26 2021"), kTime);
  EXPECT_EQ(read("%Y%m%d%H%M%S", "20210615182826"), kTime);
  EXPECT_EQ(read("%d/%b/%Y:%H:%M:%S %z", "15/Jun/2021:20:28:26 +0200"), kTime);
  EXPECT_EQ(read("%Y-%m-%d", "2021-06-15"), 1'623'715'200 * kSecond);
  for (const char* text :
       {"", "15.06.2021", "31.02.2021 18:00", "15.06.2021 24:00", "15.06.21 18:00",
        "15.06.2021 18:00 Uhr", "infinite-future", "06/15/2021 18:00"}) {
    EXPECT_EQ(read("%d.%m.%Y %H:%M", text), std::nullopt) << text;
  }
}

TEST(TimePattern, RefusesWhatSaysTooLittle) {
  for (const char* pattern : {"", "yesterday", "%H:%M:%S", "%d.%m. %H:%M", "%Y", "dd.mm.yyyy",
                              "%d.%m.%Y %I:%M", "%d.%m.%Y %Q", "%"}) {
    EXPECT_EQ(TimePattern::Make(pattern, TimeZone::Utc()).status().code(), StatusCode::kInvalid)
        << pattern;
  }
}

}  // namespace
}  // namespace avocet
