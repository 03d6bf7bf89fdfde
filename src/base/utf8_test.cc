#include "src/base/utf8.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(Utf8, FirstSequence) {
  const auto f = [](std::string_view text, size_t size, bool valid) {
    const Utf8Sequence got = FirstUtf8Sequence(text);
    EXPECT_EQ(got.size_bytes, size) << text;
    EXPECT_EQ(got.is_valid, valid) << text;
  };
  f("a", 1, true);
  f("\xC2\x80", 2, true);
  f("\xC3\xA9x", 2, true);
  f("\xE2\x82\xAC", 3, true);
  f("\xEE\x80\x80", 3, true);
  f("\xF0\x9F\x98\x80", 4, true);
  f("\xF4\x8F\xBF\xBF", 4, true);
  // Continuation first, overlong, surrogate, beyond the last code point, never a lead byte.
  f("\x80", 1, false);
  f("\xC0\x80", 1, false);
  f("\xC1\xBF", 1, false);
  f("\xE0\x9F\xBF", 1, false);
  f("\xED\xA0\x80", 1, false);
  f("\xF0\x8F\xBF\xBF", 1, false);
  f("\xF4\x90\x80\x80", 1, false);
  f("\xF5\x80\x80\x80", 1, false);
  f("\xFF", 1, false);
  // Cut short, by the end or by another character.
  f("\xC3", 1, false);
  f("\xE2\x82", 2, false);
  f("\xE2\x82x", 2, false);
  f("\xF0\x9F\x98", 3, false);
  f("\xF0\x9F\x98x", 3, false);
}

TEST(Utf8, Validity) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain"));
  EXPECT_TRUE(IsValidUtf8("21 \xC2\xB0\x43"));
  EXPECT_FALSE(IsValidUtf8("21 \xB0\x43"));
  EXPECT_FALSE(IsValidUtf8("ends early \xC2"));
}

}  // namespace
}  // namespace avocet
