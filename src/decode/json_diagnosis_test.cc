#include "src/decode/json_diagnosis.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

std::string Nested(size_t levels) {
  return R"({"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

TEST(DiagnoseJson, AcceptsObjects) {
  for (const std::string& record :
       {std::string("{}"), std::string(" {\t}\r\n"),
        std::string(R"({"a":1,"b":[],"c":{"d":null}})"),
        std::string(R"({"a":[1,-2.5e3,"x\"\\",true,false,null,{}]})"), Nested(kMaxJsonDepth)}) {
    const auto problem = DiagnoseJson(record);
    EXPECT_FALSE(problem.has_value()) << record << ": " << problem->message;
  }
}

TEST(DiagnoseJson, NamesTheFirstProblemAndItsPosition) {
  const auto expect = [](std::string_view record, RejectReason reason, int64_t position) {
    const auto problem = DiagnoseJson(record);
    ASSERT_TRUE(problem.has_value()) << record;
    EXPECT_EQ(CodeOf(problem->reason), CodeOf(reason)) << record << ": " << problem->message;
    EXPECT_EQ(problem->position, position) << record << ": " << problem->message;
    EXPECT_FALSE(problem->message.empty());
  };
  using enum RejectReason;
  expect("hello", kInvalidJson, 0);
  expect(R"({"a":1,})", kInvalidJson, 7);
  expect(R"({"a":1 "b":2})", kInvalidJson, 7);
  expect(R"({"a" 1})", kInvalidJson, 5);
  expect(R"({a:1})", kInvalidJson, 1);
  expect(R"({"a":[1,]})", kInvalidJson, 8);
  expect(R"({"a":[1}})", kInvalidJson, 7);
  expect(R"({"a":01})", kInvalidJson, 5);
  expect(R"({"a":1.})", kInvalidJson, 5);
  expect(R"({"a":NaN})", kInvalidJson, 5);
  expect(R"({"a":truex})", kInvalidJson, 9);
  expect(R"({"a":"\q"})", kInvalidJson, 6);
  expect(R"({"\q":1})", kInvalidJson, 2);
  expect(R"({"a":"\ud800"})", kInvalidJson, 6);
  expect("{\"a\":\"x\ty\"}", kInvalidJson, 7);
  expect(R"({"a":'x'})", kInvalidJson, 5);
  expect("", kTruncated, 0);
  expect("{", kTruncated, 1);
  expect(R"({"a)", kTruncated, 3);
  expect(R"({"a")", kTruncated, 4);
  expect(R"({"a":)", kTruncated, 5);
  expect(R"({"a":1)", kTruncated, 6);
  expect(R"({"a":-)", kTruncated, 6);
  expect(R"({"a":1.)", kTruncated, 7);
  expect(R"({"a":tr)", kTruncated, 7);
  expect(R"({"a":"x\)", kTruncated, 8);
  expect(R"({"a":1,)", kTruncated, 7);
  expect(R"({"a":[{"b":1})", kTruncated, 13);
  expect(R"({"a":1}{"a":2})", kTrailingContent, 7);
  expect(R"({"a":1} x)", kTrailingContent, 8);
  expect(R"({"a":1}})", kTrailingContent, 7);
  expect("[1,2]", kNotAnObject, 0);
  expect(" null", kNotAnObject, 1);
  expect("42", kNotAnObject, 0);
  expect(R"("text")", kNotAnObject, 0);
  expect(std::string_view("{\"a\":\0}", 7), kNulByte, 5);
  expect("{\"a\":\"\xC3(\"}", kInvalidUtf8, 6);
  expect("{\"a\":\"\xED\xA0\x80\"}", kInvalidUtf8, 6);
  expect(Nested(kMaxJsonDepth + 1), kTooDeep, 68);
}

}  // namespace
}  // namespace avocet
