#include "src/base/edit_distance.h"

#include <gtest/gtest.h>

#include <vector>

namespace avocet {
namespace {

TEST(EditDistance, CountsEdits) {
  const auto f = [](std::string_view a, std::string_view b, size_t want) {
    EXPECT_EQ(EditDistance(a, b), want) << a << " " << b;
    EXPECT_EQ(EditDistance(b, a), want) << b << " " << a;
  };
  f("", "", 0);
  f("", "abc", 3);
  f("abc", "abc", 0);
  f("kitten", "sitting", 3);
  f("treshold", "threshold", 1);
  f("detcetors", "detectors", 1);
  f("ab", "ba", 1);
  f("ca", "abc", 3);
  f("abcd", "badc", 2);
  f("flaw", "lawn", 2);
}

TEST(ClosestWord, SuggestsOnlyWhatIsClose) {
  const std::vector<std::string_view> keys = {"threshold", "metrics", "name", "type", "sigma", "a"};
  const auto f = [&](std::string_view word, std::optional<std::string> want) {
    EXPECT_EQ(ClosestWord(word, keys), want) << word;
  };
  f("treshold", "threshold");
  f("THRESHOLD", "threshold");
  f("metric", "metrics");
  f("nmae", "name");
  f("sgima", "sigma");
  f("typ", "type");
  f("thresh", std::nullopt);
  f("humidity", std::nullopt);
  f("b", std::nullopt);
  f("", std::nullopt);
  f(std::string(100'000, 'x'), std::nullopt);
}

TEST(ClosestWord, TakesTheFirstOfEquallyCloseWords) {
  const std::vector<std::string> words = {"cast", "cart", "care"};
  EXPECT_EQ(ClosestWord("carp", words), "cart");
  EXPECT_EQ(ClosestWord("cat", words), "cast");
  EXPECT_EQ(ClosestWord("care", words), "care");
  EXPECT_EQ(ClosestWord("care", std::vector<std::string>()), std::nullopt);
}

}  // namespace
}  // namespace avocet
