#include "src/decode/json_text.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(JsonNumber, FollowsTheGrammar) {
  for (const char* text : {"0", "-0", "1", "12.5", "-12.50", "1e3", "1E+3", "1.5e-300", "1e400",
                           "123456789012345678901234567890"}) {
    EXPECT_TRUE(IsJsonNumber(text)) << text;
  }
  for (const char* text : {"", "-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "1x", " 1", "1 ",
                           "0x10", "NaN", "1.2.3", "--1"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
  }
}

TEST(JsonEscapes, BadOnesAreFound) {
  const auto expect = [](std::string_view body, size_t want) {
    EXPECT_EQ(FindBadEscape(body), want) << body;
  };
  constexpr size_t kFine = std::string_view::npos;
  expect("", kFine);
  expect("plain", kFine);
  expect(R"(\"\\\/\b\f\n\r\t)", kFine);
  expect(R"(\u0041\u00e9\u20AC)", kFine);
  expect(R"(\ud83d\ude00)", kFine);
  expect(R"(ab\x)", 2);
  expect(R"(\\\a)", 2);
  expect("\\", 0);
  expect(R"(\u12)", 0);
  expect(R"(\u12G4)", 0);
  expect(R"(\ud83d)", 0);
  expect(R"(\ud83dx)", 0);
  expect(R"(\ud83d\n00000)", 0);
  expect(R"(\ud83d\ud83d)", 0);
  expect(R"(x\ude00)", 1);
}

TEST(JsonEscapes, AreReplacedByWhatTheyStandFor) {
  const auto expect = [](std::string_view body, std::string_view want) {
    std::string text;
    AppendUnescaped(body, &text);
    EXPECT_EQ(text, want);
  };
  expect("plain", "plain");
  expect(R"(a\"b\\c\/d\b\f\n\r\t)", "a\"b\\c/d\b\f\n\r\t");
  expect(R"(\u0041\u00e9\u20AC\ud83d\ude00!)", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!");
  expect(R"(\u0000)", std::string_view("\0", 1));
}

TEST(QuotedForMessage, IsShortAndPrintable) {
  EXPECT_EQ(QuotedForMessage("a\"\n"), R"("a\"\n")");
  EXPECT_EQ(QuotedForMessage(std::string(64, 'x')), "\"" + std::string(64, 'x') + "\"");
  EXPECT_EQ(QuotedForMessage(std::string(65, 'x')), "\"" + std::string(64, 'x') + "\"...");
  // A code point that does not fit is left out as a whole.
  EXPECT_EQ(QuotedForMessage(std::string(63, 'x') + "\xE2\x82\xAC"),
            "\"" + std::string(63, 'x') + "\"...");
}

}  // namespace
}  // namespace avocet
