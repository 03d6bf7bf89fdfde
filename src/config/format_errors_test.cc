#include <gtest/gtest.h>

#include <string>

#include "src/config/load.h"

namespace avocet {
namespace {

TEST(FormatErrorsTest, QuotesTheLineAndPointsAtTheColumn) {
  EXPECT_EQ(FormatErrors({{2, 3, "wrong"}}, "a.yaml", "x: 1\n  y: 2\n"),
            "a.yaml:2:3: error: wrong\n"
            "    2 |   y: 2\n"
            "      |   ^\n");
}

TEST(FormatErrorsTest, WholeFileErrorsHaveNoLine) {
  EXPECT_EQ(FormatErrors({{0, 0, "wrong"}}, "a.yaml", "x: 1\n"), "a.yaml: error: wrong\n");
  EXPECT_EQ(FormatErrors({}, "a.yaml", "x: 1\n"), "");
}

TEST(FormatErrorsTest, TabsAndWideCharactersKeepTheCaretInPlace) {
  EXPECT_EQ(FormatErrors({{1, 3, "m"}}, "f", "\t\xE6\xB8\xA9x"),
            "f:1:3: error: m\n    1 | \t\xE6\xB8\xA9x\n      | \t  ^\n");
}

TEST(FormatErrorsTest, UnprintableBytesAreReplaced) {
  EXPECT_EQ(FormatErrors({{1, 2, "m"}}, "f", "a\xFF\x1B[0m"),
            "f:1:2: error: m\n    1 | a\xEF\xBF\xBD\xEF\xBF\xBD[0m\n      |  ^\n");
}

TEST(FormatErrorsTest, PlacesOutsideTheTextAreHarmless) {
  EXPECT_EQ(FormatErrors({{1, 99, "m"}}, "f", "ab"), "f:1:99: error: m\n    1 | ab\n      |   ^\n");
  EXPECT_EQ(FormatErrors({{9, 9, "m"}}, "f", "ab"), "f:9:9: error: m\n    9 | \n      | ^\n");
  EXPECT_EQ(FormatErrors({{123456, 1, "m"}}, "f", ""),
            "f:123456:1: error: m\n123456 | \n       | ^\n");
}

TEST(FormatErrorsTest, LongLinesAreCutAroundTheColumn) {
  const std::string line = std::string(150, 'a') + "X" + std::string(150, 'b');
  const std::string text = FormatErrors({{1, 151, "m"}}, "f", line);
  EXPECT_EQ(text, "f:1:151: error: m\n    1 | ..." + std::string(50, 'a') + "X" +
                      std::string(49, 'b') + "...\n      | " + std::string(53, ' ') + "^\n");
}

}  // namespace
}  // namespace avocet
