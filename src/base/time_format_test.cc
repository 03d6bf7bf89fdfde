#include "src/base/time_format.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "src/base/civil_time.h"

namespace avocet {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(TimeFormat, TimestampShowsOnlyTheDigitsItNeeds) {
  const auto f = [](int64_t micros, std::string_view want) {
    EXPECT_EQ(FormatTimestamp(micros), want);
  };
  f(0, "1970-01-01T00:00:00Z");
  f(1'623'781'706'000'000, "2021-06-15T18:28:26Z");
  f(1'623'781'706'123'456, "2021-06-15T18:28:26.123456Z");
  f(1'623'781'706'123'000, "2021-06-15T18:28:26.123Z");
  f(1'623'781'706'100'000, "2021-06-15T18:28:26.100Z");
  f(1'623'781'706'000'001, "2021-06-15T18:28:26.000001Z");
  f(-1, "1969-12-31T23:59:59.999999Z");
  f(-62'167'219'200'000'000, "0000-01-01T00:00:00Z");
  f(-62'167'219'200'000'001, "-0001-12-31T23:59:59.999999Z");
  f(kMax, "294247-01-10T04:00:54.775807Z");
  f(kMin, "-290308-12-21T19:59:05.224192Z");
}

TEST(TimeFormat, DateIsThatOfTheInstant) {
  EXPECT_EQ(FormatDate(1'623'781'706'123'456), "2021-06-15");
  EXPECT_EQ(FormatDate(-1), "1969-12-31");
}

TEST(TimeFormat, DurationsAreRead) {
  const auto f = [](std::string_view text, int64_t want) {
    const Result<int64_t> got = ParseDuration(text);
    ASSERT_TRUE(got.ok()) << got.status().message();
    EXPECT_EQ(*got, want) << text;
  };
  f("250ms", 250'000);
  f("10s", 10'000'000);
  f("5m", 300'000'000);
  f("1h", 3'600'000'000);
  f("7d", 604'800'000'000);
  f("1h30m", 5'400'000'000);
  f("500us", 500);
  f("1d2h3m4s5ms6us", 93'784'005'006);
  f("90s", 90'000'000);
  f("0", 0);
  f("0s", 0);
  f("007s", 7'000'000);
  f("9223372036854775807us", kMax);
}

TEST(TimeFormat, BadDurationsAreRejectedWithTheirText) {
  const auto f = [](std::string_view text) {
    const Result<int64_t> got = ParseDuration(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_EQ(got.status().code(), StatusCode::kInvalid);
    EXPECT_NE(got.status().message().find("\"" + std::string(text) + "\""), std::string::npos);
  };
  for (const char* text :
       {"", "s", "10", "10 s", " 10s", "10s ", "-5s", "+5s", "1.5s", "10x", "10S", "1m1h", "1s1s",
        "1h30", "10msx", "ms10", "10s;", "99999999999999999999s"}) {
    f(text);
  }
  f("9223372036854775808us");
  f("106751992d");
  f("106751991d24h");
  f(std::string_view("1s\0", 3));
}

TEST(TimeFormat, DurationsAreWrittenInUnits) {
  const auto f = [](int64_t micros, std::string_view want) {
    EXPECT_EQ(FormatDuration(micros), want);
  };
  f(0, "0s");
  f(250'000, "250ms");
  f(5'400'000'000, "1h30m");
  f(604'800'000'000, "7d");
  f(1'000'001, "1s1us");
  f(-5'000'000, "-5s");
  f(kMin, "-106751991d4h54s775ms808us");
}

TEST(TimeFormat, DurationsReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const int64_t micros = static_cast<int64_t>(random() >> (1 + random() % 63));
    const Result<int64_t> got = ParseDuration(FormatDuration(micros));
    ASSERT_TRUE(got.ok()) << micros;
    ASSERT_EQ(*got, micros);
  }
}

TEST(TimeFormat, ByteSizesAreRead) {
  const auto f = [](std::string_view text, int64_t want) {
    const Result<int64_t> got = ParseByteSize(text);
    ASSERT_TRUE(got.ok()) << got.status().message();
    EXPECT_EQ(*got, want) << text;
  };
  f("0", 0);
  f("512", 512);
  f("512B", 512);
  f("64MiB", 64 << 20);
  f("64 MiB", 64 << 20);
  f("64mib", 64 << 20);
  f("1GB", 1'000'000'000);
  f("3kB", 3'000);
  f("1KiB", 1024);
  f("2TiB", int64_t{2} << 40);
  f("5TB", 5'000'000'000'000);
}

TEST(TimeFormat, BadByteSizesAreRejectedWithTheirText) {
  for (const char* text : {"", " ", "MiB", "-1", "1.5GiB", "64 ", "64  MiB", "64MiBs", "64M", "1e3",
                           "0x10", "9223372036854775808", "9007199254740992KiB", "10000000TB"}) {
    const Result<int64_t> got = ParseByteSize(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_EQ(got.status().code(), StatusCode::kInvalid);
    EXPECT_NE(got.status().message().find("\"" + std::string(text) + "\""), std::string::npos);
  }
}

}  // namespace
}  // namespace avocet
