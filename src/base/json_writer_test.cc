#include "src/base/json_writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <limits>
#include <random>

#include "src/base/utf8.h"

namespace avocet {
namespace {

TEST(JsonWriter, WritesNestedValues) {
  JsonWriter json;
  json.BeginObject()
      .Field("rows", 3)
      .Field("bytes", std::numeric_limits<uint64_t>::max())
      .Field("least", std::numeric_limits<int64_t>::min())
      .Field("ratio", 0.1)
      .Field("ok", true)
      .Field("name", "three_sigma")
      .Field("text", std::string("x"));
  json.Key("list").BeginArray().Int(1).Null().Bool(false).BeginObject().EndObject();
  json.BeginArray().EndArray().String("").EndArray();
  json.Key("raw")
      .Raw(R"({"a":1})")
      .Key("after")
      .BeginObject()
      .Field("b", 2)
      .EndObject()
      .EndObject();
  EXPECT_EQ(json.Take(),
            R"({"rows":3,"bytes":18446744073709551615,"least":-9223372036854775808,"ratio":0.1,)"
            R"("ok":true,"name":"three_sigma","text":"x","list":[1,null,false,{},[],""],)"
            R"("raw":{"a":1},"after":{"b":2}})");
}

TEST(JsonWriter, IsEmptyAfterTake) {
  JsonWriter json;
  EXPECT_EQ(json.BeginArray().Int(1).EndArray().Take(), "[1]");
  EXPECT_EQ(json.String("again").Take(), "\"again\"");
}

TEST(JsonWriter, EscapesText) {
  const auto f = [](std::string_view text, std::string_view want) {
    std::string got;
    AppendJsonString(text, &got);
    EXPECT_EQ(got, want);
  };
  f("", R"("")");
  f(R"(say "hi" \ bye)", R"("say \"hi\" \\ bye")");
  f("\b\f\n\r\t", R"("\b\f\n\r\t")");
  f(std::string_view("\0\x01\x1f\x7f", 4), "\"\\u0000\\u0001\\u001f\x7f\"");
  f("21 \xC2\xB0\x43 \xF0\x9F\x98\x80", "\"21 \xC2\xB0\x43 \xF0\x9F\x98\x80\"");
  f("a\xFF\"b", "\"a\xEF\xBF\xBD\\\"b\"");
  f("\xE2\x82", "\"\xEF\xBF\xBD\"");
  f("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, AnyBytesBecomeValidUtf8) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::string json;
    AppendJsonString(bytes, &json);
    ASSERT_TRUE(IsValidUtf8(json));
    for (const char c : json) ASSERT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

TEST(JsonWriter, DoublesAreShortestAndReadBack) {
  const auto text = [](double value) {
    std::string out;
    AppendJsonDouble(value, &out);
    return out;
  };
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(5), "5");
  EXPECT_EQ(text(-0.0), "-0");
  EXPECT_EQ(text(1e300), "1e+300");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity()), "null");
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (text(value) == "null") continue;
    ASSERT_EQ(std::strtod(text(value).c_str(), nullptr), value);
  }
}

TEST(JsonWriterDeathTest, MisuseIsABug) {
  EXPECT_DEATH(JsonWriter().BeginObject().Int(1), "BUG: ");
  EXPECT_DEATH(JsonWriter().BeginArray().Key("a"), "BUG: ");
  EXPECT_DEATH(JsonWriter().BeginArray().EndObject(), "BUG: ");
  EXPECT_DEATH(JsonWriter().BeginObject().Key("a").EndObject(), "BUG: ");
  EXPECT_DEATH(JsonWriter().Int(1).Int(2), "BUG: ");
  EXPECT_DEATH(JsonWriter().BeginArray().Take(), "BUG: ");
  EXPECT_DEATH(JsonWriter().Take(), "BUG: ");
}

}  // namespace
}  // namespace avocet
