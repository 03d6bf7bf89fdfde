#include "src/decode/number_text.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(ParseNumberText, ReadsDecimals) {
  const auto expect = [](std::string_view text, double want) {
    double value = -1;
    EXPECT_EQ(ParseNumberText(text, &value), NumberText::kNumber) << text;
    EXPECT_EQ(value, want) << text;
  };
  expect("37.5", 37.5);
  expect(" 37.5 ", 37.5);
  expect("\t-1e3\r\n", -1000);
  expect("+5", 5);
  expect("007", 7);
  expect(".5", 0.5);
  expect("5.", 5);
  expect("1E-2", 0.01);
  expect("9007199254740993", 9007199254740992.0);
  expect("1e-400", 0);
  expect("-0.000e999999", 0);
  expect("1.7976931348623157e308", 1.7976931348623157e308);
}

TEST(ParseNumberText, TellsWhyOtherTextIsNoNumber) {
  const auto expect = [](std::string_view text, NumberText want) {
    double value = 0;
    EXPECT_EQ(ParseNumberText(text, &value), want) << text;
  };
  for (const char* text : {"", " ", "\t\n"}) expect(text, NumberText::kEmpty);
  for (const char* text : {"NaN", "nan", "-nan", "inf", "+Inf", "-inf", "Infinity", "-INFINITY"}) {
    expect(text, NumberText::kNotFinite);
  }
  for (const char* text : {"1e400", "-1e400", "1e99999999999", "2e308"}) {
    expect(text, NumberText::kOverflow);
  }
  expect(std::string(400, '9'), NumberText::kOverflow);
  for (const char* text : {"abc", "12a", "1 2", "0x10", "1e", "1e+", ".", "-", "+", "--1", "1,5",
                           "nano", "infinit", "1.2.3", "e5"}) {
    expect(text, NumberText::kNotANumber);
  }
}

}  // namespace
}  // namespace avocet
