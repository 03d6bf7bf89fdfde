#include "src/source/kafka/message_fields.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

void Expect(const Fields& fields, std::string_view payload, std::string_view want) {
  std::string got;
  AppendWithFields(fields, payload, "value", &got);
  EXPECT_EQ(got, want) << payload;
}

TEST(MessageFields, ObjectsGetMembersInFront) {
  Expect({{"a", "1"}, {"b", "\"x\""}}, R"({"t":2})", R"({"a":1,"b":"x","t":2})");
  Expect({{"a", "1"}}, " \n{ \"t\":2 } ", R"({"a":1, "t":2 } )");
  Expect({{"a", "1"}}, "{}", R"({"a":1})");
  Expect({{"a", "1"}}, "{ }", R"({"a":1 })");
  Expect({}, R"({"t":2})", R"({"t":2})");
}

TEST(MessageFields, OtherPayloadsBecomeAMember) {
  Expect({{"a", "1"}}, "21.5", R"({"a":1,"value":21.5})");
  Expect({{"a", "1"}}, "[1]", R"({"a":1,"value":[1]})");
  Expect({}, "true", R"({"value":true})");
}

TEST(MessageFields, WhatIsNoJsonStaysSo) {
  Expect({{"a", "1"}}, "{", R"({"a":1,)");
  Expect({{"a", "1"}}, R"(5,"a":2)", R"({"a":1,"value":"5,\"a\":2"})");
  Expect({{"a", "1"}}, "oops", R"({"a":1,"value":oops})");
}

TEST(MessageFields, NamesAndTextsAreEscaped) {
  Expect({{"a\"b", JsonText("x\ny")}}, "1", R"({"a\"b":"x\ny","value":1})");
}

}  // namespace
}  // namespace avocet
