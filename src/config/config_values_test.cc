// The small parts that turn text into values.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "src/config/config_testing.h"
#include "src/config/instant.h"
#include "src/config/source_text.h"
#include "src/config/substitute.h"
#include "src/config/units.h"
#include "src/config/yaml_scalar.h"

namespace avocet {
namespace {

TEST(YamlScalarTest, FollowsTheCoreSchemaOfYaml12) {
  const auto expect = [](ScalarType type, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) EXPECT_EQ(ResolvePlain(text), type) << text;
  };
  expect(ScalarType::kNull, {"", "~", "null", "Null", "NULL"});
  expect(ScalarType::kBool, {"true", "True", "TRUE", "false", "False", "FALSE"});
  expect(ScalarType::kInteger, {"0", "-1", "+12", "007", "0o17", "0xfF"});
  expect(ScalarType::kFloat,
         {"1.", ".5", "-1.5e3", "1e6", "1E-2", ".inf", "-.INF", "+.Inf", ".nan"});
  expect(ScalarType::kText,
         {"yes", "no",       "on",    "off",        "y",   "tRUE", "nULL",  "1_000", "0b1",
          "0o8", "0x",       "1e",    ".",          "-",   "+",    "1.2.3", "10s",   "inf",
          "nan", "12:30:45", "-.nan", "2024-01-01", "--1", "+-1",  "0x-1",  "1e5.0"});
}

TEST(YamlScalarTest, ReadsNumbers) {
  EXPECT_EQ(ParseYamlInteger("-42"), -42);
  EXPECT_EQ(ParseYamlInteger("+7"), 7);
  EXPECT_EQ(ParseYamlInteger("0o17"), 15);
  EXPECT_EQ(ParseYamlInteger("0xfF"), 255);
  EXPECT_EQ(ParseYamlInteger("1e6"), 1'000'000);
  EXPECT_EQ(ParseYamlInteger("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const std::string_view text : {"9223372036854775808", "1.5", "1e300", ".inf", ".nan", "x"}) {
    EXPECT_EQ(ParseYamlInteger(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseYamlNumber("-1.5e3"), -1500);
  EXPECT_EQ(ParseYamlNumber("+.5"), 0.5);
  EXPECT_EQ(ParseYamlNumber("0x10"), 16);
  EXPECT_EQ(ParseYamlNumber("-.inf"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*ParseYamlNumber(".nan")));
  EXPECT_EQ(ParseYamlNumber("1e999"), std::nullopt);
  EXPECT_EQ(ParseYamlNumber("ten"), std::nullopt);
}

TEST(SubstituteTest, ReplacesReferences) {
  const auto expect = [](const std::string& text, const std::string& want, bool used) {
    const Substitution result = Substitute(text, TestEnvironment);
    EXPECT_EQ(result.text, want);
    EXPECT_EQ(result.error, "") << text;
    EXPECT_EQ(result.used, used) << text;
  };
  expect("plain", "plain", false);
  expect("${PORT}", "8080", true);
  expect("a${PORT}b${CITY}c",
         "a8080bTroms\xC3\xB8"
         "c",
         true);
  expect("${NOPE:-}", "", false);
  expect("${NOPE:-a b:c?}", "a b:c?", false);
  expect("${EMPTY}", "", true);
  expect("${EMPTY:-x}", "x", false);
  expect("${PORT:-x}", "8080", true);
  expect("${PORT:?needed}", "8080", true);
  expect("$$", "$", false);
  expect("$${PORT}", "${PORT}", false);
  expect("$$$${PORT}", "$${PORT}", false);
  expect("$$${PORT}", "$8080", true);
  expect("cost $5, a$b$", "cost $5, a$b$", false);
}

TEST(SubstituteTest, ReportsTheReferenceThatIsWrong) {
  const auto expect = [](const std::string& text, const std::string& at) {
    const Substitution result = Substitute(text, TestEnvironment);
    EXPECT_NE(result.error, "") << text;
    EXPECT_EQ(result.at, at);
  };
  expect("a ${NOPE} b", "${NOPE}");
  expect("${PORT} ${NOPE:?no} b", "${NOPE:?no}");
  expect("${EMPTY:?}", "${EMPTY:?}");
  expect("x ${PORT", "${");
  expect("${}", "${}");
  expect("${1A}", "${1A}");
  expect("${PORT-x}", "${PORT-x}");
  expect("${A:-${B}}", "${A:-${B}");
  expect("${LATIN}", "${LATIN}");
}

TEST(SubstituteTest, ReplacedTextIsNotLookedAtAgain) {
  const Lookup environment = [](std::string_view) { return std::optional<std::string>("${X}$$"); };
  EXPECT_EQ(Substitute("${X}", environment).text, "${X}$$");
}

TEST(InstantTest, ReadsIso8601) {
  EXPECT_EQ(ParseInstant("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseInstant("2024-02-29"), 1'709'164'800'000'000);
  EXPECT_EQ(ParseInstant("2024-05-01T12:00:00.5+02:00"), 1'714'557'600'500'000);
  EXPECT_EQ(ParseInstant("2024-05-01 08:30:00.000001-01:30"), 1'714'557'600'000'001);
  EXPECT_EQ(ParseInstant("1969-12-31T23:59:59.999999z"), -1);
}

TEST(InstantTest, RefusesAnythingElse) {
  for (const std::string_view text :
       {"", "2024", "2024-02-30", "2024-13-01", "2024-00-01", "2024-01-00", "2024-1-1",
        "2024-01-01T", "2024-01-01T00:00Z", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00.1234567Z", "2024-01-01T00:00:00+25:00", "2024-01-01T00:00:00+2:00",
        "2024-01-01T00:00:00Zx", "now"}) {
    EXPECT_EQ(ParseInstant(text), std::nullopt) << text;
  }
}

TEST(UnitsTest, ConvertsWithinAQuantity) {
  const auto expect = [](std::string_view from, std::string_view to, double value, double want) {
    double scale = 0;
    double offset = 0;
    ASSERT_TRUE(FindConversion(from, to, &scale, &offset)) << from << " " << to;
    EXPECT_NEAR(value * scale + offset, want, 1e-9 * std::max(1.0, std::abs(want)))
        << from << " " << to;
    // And back.
    ASSERT_TRUE(FindConversion(to, from, &scale, &offset));
    EXPECT_NEAR(want * scale + offset, value, 1e-9 * std::max(1.0, std::abs(value)));
  };
  expect("degF", "degC", 212, 100);
  expect("degF", "degC", -40, -40);
  expect("K", "degC", 0, -273.15);
  expect("degF", "K", 32, 273.15);
  expect("hPa", "Pa", 1013.25, 101325);
  expect("bar", "kPa", 1, 100);
  expect("mbar", "hPa", 7, 7);
  expect("psi", "Pa", 1, 6894.757293168361);
  expect("m/s", "km/h", 1, 3.6);
  expect("mph", "m/s", 1, 0.44704);
  expect("in", "mm", 1, 25.4);
  expect("ft", "in", 1, 12);
  expect("km", "cm", 1, 100'000);
  expect("1", "%", 0.5, 50);
  expect("lb", "kg", 1, 0.45359237);
  expect("kW", "W", 1.5, 1500);
  expect("mV", "V", 20, 0.02);
  expect("A", "mA", 2, 2000);
  expect("kWh", "J", 1, 3'600'000);
  expect("kWh", "Wh", 1, 1000);
  expect("furlong", "furlong", 3, 3);
  expect("lux", "lux", 3, 3);
}

TEST(UnitsTest, DecimalPrefixesAreExact) {
  double scale = 0;
  double offset = 0;
  ASSERT_TRUE(FindConversion("mm", "cm", &scale, &offset));
  EXPECT_EQ(scale, 0.1);
  ASSERT_TRUE(FindConversion("W", "kW", &scale, &offset));
  EXPECT_EQ(scale, 0.001);
  EXPECT_EQ(offset, 0);
}

TEST(UnitsTest, RefusesOtherPairs) {
  double scale = 0;
  double offset = 0;
  EXPECT_FALSE(FindConversion("degC", "Pa", &scale, &offset));
  EXPECT_FALSE(FindConversion("celsius", "degC", &scale, &offset));
  EXPECT_FALSE(FindConversion("lux", "furlong", &scale, &offset));
  EXPECT_EQ(UnitsConvertibleTo("degC"), (std::vector<std::string>{"degF", "K"}));
  EXPECT_TRUE(UnitsConvertibleTo("lux").empty());
  EXPECT_TRUE(UnitsConvertibleTo("celsius").empty());
}

TEST(SourceTextTest, FindsLinesAndPlaces) {
  const SourceText source("ab\r\n\xC3\xA9x\n");
  EXPECT_EQ(source.num_lines(), 3);
  EXPECT_EQ(source.Line(1), "ab");
  EXPECT_EQ(source.Line(2), "\xC3\xA9x");
  EXPECT_EQ(source.Line(3), "");
  EXPECT_EQ(source.Line(0), "");
  EXPECT_EQ(source.Line(4), "");
  EXPECT_EQ(source.MarkAt(3), (Mark{2, 1}));
  EXPECT_EQ(source.MarkAt(5), (Mark{2, 2}));
  EXPECT_EQ(source.MarkAt(100), (Mark{3, 1}));
  EXPECT_EQ(source.FindBadByte(), std::string::npos);
  EXPECT_EQ(SourceText("a\tb\x01").FindBadByte(), 3U);
  EXPECT_EQ(SourceText("ab\xC3").FindBadByte(), 2U);
}

}  // namespace
}  // namespace avocet
