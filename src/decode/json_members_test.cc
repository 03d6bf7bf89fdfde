#include "src/decode/json_members.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

std::string Shown(std::string_view object) {
  const auto members = SplitJsonObject(object);
  if (!members.has_value()) return "none";
  std::string text;
  for (const JsonMember& member : *members) {
    text += member.Key() + "=" + std::string(member.value) + ";";
  }
  return text;
}

TEST(JsonMembersTest, SplitsObjectsAndRefusesTheRest) {
  const auto f = [](std::string_view object, std::string_view want) {
    EXPECT_EQ(Shown(object), want) << object;
  };
  f("{}", "");
  f(R"( { "a" : 1 , "b":"x" } )", R"(a=1;b="x";)");
  f(R"({"a":{"b":[1,{"c":"}"}]},"d":[]})", R"(a={"b":[1,{"c":"}"}]};d=[];)");
  f(R"({"a":"\"\\","b":null})", R"(a="\"\\";b=null;)");
  f(R"({"\u0061":true})", "a=true;");
  f("", "none");
  f("[1]", "none");
  f("{", "none");
  f(R"({"a")", "none");
  f(R"({"a":)", "none");
  f(R"({"a":})", "none");
  f(R"({"a":1)", "none");
  f(R"({"a":1,})", "none");
  f(R"({"a":"b)", "none");
  f(R"({"a":"\)", "none");
  f(R"({"a":[1})", "none");
  f(R"({"a":1}x)", "none");
  f(R"({a:1})", "none");
}

TEST(JsonMembersTest, FindsPathsAsDecodingDoes) {
  const auto f = [](std::string_view object, std::string_view path, std::string_view want) {
    const auto members = SplitJsonObject(object);
    ASSERT_TRUE(members.has_value());
    size_t top = 0;
    const auto found = FindMember(*members, path, &top);
    EXPECT_EQ(found.has_value() ? found->Text() : "none", want) << object << " " << path;
  };
  f(R"({"a":1,"b":"x"})", "b", "x");
  f(R"({"m":{"t":5}})", "m.t", "5");
  f(R"({"m.t":6})", "m.t", "6");
  f(R"({"m":{"t":5},"m.t":6})", "m.t", "5");
  f(R"({"Air Quality":7})", "air_quality", "7");
  f(R"({"Time":1,"time":2})", "time", "2");
  f(R"({"a":1})", "b", "none");
  f(R"({"a":1})", "a.b", "none");
}

}  // namespace
}  // namespace avocet
