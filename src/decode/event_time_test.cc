#include "src/decode/event_time.h"

#include <gtest/gtest.h>

#include "src/base/time_format.h"

namespace avocet {
namespace {

constexpr int64_t kBase = 1'623'781'706'000'000;  // 2021-06-15T18:28:26Z

TEST(ParseIso8601, ReadsTimesWithAnyOffset) {
  const auto expect = [](std::string_view text, int64_t want) {
    const auto micros = ParseIso8601(text);
    ASSERT_TRUE(micros.has_value()) << text;
    EXPECT_EQ(*micros, want) << text;
  };
  expect("2021-06-15T18:28:26Z", kBase);
  expect("2021-06-15t18:28:26z", kBase);
  expect("2021-06-15 18:28:26", kBase);
  expect("2021-06-15T18:28:26", kBase);
  expect("2021-06-15T18:28:26.000Z", kBase);
  expect("2021-06-15T18:28:26.123Z", kBase + 123'000);
  expect("2021-06-15T18:28:26,5Z", kBase + 500'000);
  expect("2021-06-15T18:28:26.123456789Z", kBase + 123'456);
  expect("2021-06-15T18:28:26.1234567+00:00", kBase + 123'456);
  expect("2021-06-15T20:28:26+02:00", kBase);
  expect("2021-06-15T20:28:26+0200", kBase);
  expect("2021-06-15T20:28:26+02", kBase);
  expect("2021-06-15T13:58:26-04:30", kBase);
  expect("2021-06-15T18:28", kBase - 26'000'000);
  expect("2021-06-15", 1'623'715'200'000'000);
  expect("1970-01-01T00:00:00Z", 0);
  expect("1970-01-01T00:00:00.000001Z", 1);
  expect("1969-12-31T23:59:59Z", -1'000'000);
  expect("1970-01-01T00:00:00+02:00", -7'200'000'000);
  expect("2024-02-29T00:00:00Z", 1'709'164'800'000'000);
  expect("2000-02-29", 951'782'400'000'000);
  expect("9999-12-31T23:59:59Z", 253'402'300'799'000'000);
}

TEST(ParseIso8601, RefusesWhatIsNotInTheCalendar) {
  for (const char* text : {"",
                           "2021",
                           "2021-06",
                           "2021-6-15",
                           "2021-02-30",
                           "2023-02-29",
                           "1900-02-29",
                           "2021-04-31",
                           "2021-13-01",
                           "2021-00-10",
                           "2021-01-00",
                           "2021-01-32",
                           "2021-06-15T24:00:00Z",
                           "2021-06-15T18:60:00Z",
                           "2021-06-15T18:28:60Z",
                           "2021-06-15T18:28:61Z",
                           "2021-06-15T18:28:26.Z",
                           "2021-06-15T18:28:26.1234567890Z",
                           "2021-06-15T18:28:26 Z",
                           "2021-06-15T18:28:26Zx",
                           "2021-06-15T18:28:26+2",
                           "2021-06-15T18:28:26+24:00",
                           "2021-06-15T18:28:26+02:60",
                           "2021-06-15T18:28:26+02:0",
                           "2021-06-15T",
                           "2021-06-15T18",
                           "2021-06-15T18:28:",
                           "2021-06-15T18:28:2",
                           "2021-06-15x18:28:26Z",
                           "2021/06/15",
                           "2021-06-15T-1:28:26Z",
                           "2021-06-15T18:28:26.12a",
                           "20210615T182826Z",
                           "yesterday"}) {
    EXPECT_FALSE(ParseIso8601(text).has_value()) << text;
  }
}

TEST(ParseIso8601, ReadsBackWhatFormatTimestampWrites) {
  for (int64_t micros = 0; micros < 253'402'300'799'000'000; micros += 86'399'123'457'001) {
    EXPECT_EQ(ParseIso8601(FormatTimestamp(micros)), micros) << FormatTimestamp(micros);
  }
}

TEST(ParseEpoch, TellsTheUnitByMagnitude) {
  const auto expect = [](std::string_view text, int64_t want) {
    const auto micros = ParseEpoch(text, TimeFormat::kAuto);
    ASSERT_TRUE(micros.has_value()) << text;
    EXPECT_EQ(*micros, want) << text;
  };
  expect("1623781706", kBase);
  expect("1623781706.123456789", kBase + 123'456);
  expect("1623781706.9999999999999999999999", kBase + 999'999);
  expect("1.623781706e9", kBase);
  expect("1623781706000", kBase);
  expect("1623781706000.5", kBase + 500);
  expect("1623781706000000", kBase);
  expect("1623781706000000123", kBase);
  expect("1623781706123456789", kBase + 123'456);
  expect("0", 0);
  expect("-0", 0);
  expect("99999999999", 99'999'999'999'000'000);
  expect("100000000000", 100'000'000'000'000);
  expect("99999999999999", 99'999'999'999'999'000);
  expect("100000000000000", 100'000'000'000'000);
  expect("99999999999999999", 99'999'999'999'999'999);
  expect("100000000000000000", 100'000'000'000'000);
  expect("-1", -1'000'000);
  expect("-0.0000001", -1);
  expect("1e-999999", 0);
}

TEST(ParseEpoch, UsesTheDeclaredUnit) {
  EXPECT_EQ(ParseEpoch("1000", TimeFormat::kEpochS), 1'000'000'000);
  EXPECT_EQ(ParseEpoch("1000", TimeFormat::kEpochMs), 1'000'000);
  EXPECT_EQ(ParseEpoch("1000", TimeFormat::kEpochUs), 1'000);
  EXPECT_EQ(ParseEpoch("1999", TimeFormat::kEpochNs), 1);
}

TEST(ParseEpoch, RefusesOtherTextAndHugeNumbers) {
  for (const char* text : {"", "-", ".", "abc", "1623781706x", "1e", "1e+", "1.2.3", "1 2", "0x10",
                           "1e30", "1e999999999999999", "99999999999999999999999"}) {
    EXPECT_FALSE(ParseEpoch(text, TimeFormat::kAuto).has_value()) << text;
  }
  EXPECT_FALSE(ParseEpoch("1e15", TimeFormat::kEpochS).has_value());
}

TEST(IsDecimalText, TellsEpochsFromDates) {
  EXPECT_TRUE(IsDecimalText("1623781706"));
  EXPECT_TRUE(IsDecimalText("1.6e9"));
  EXPECT_FALSE(IsDecimalText("2021-06-15"));
  EXPECT_FALSE(IsDecimalText(""));
}

}  // namespace
}  // namespace avocet
