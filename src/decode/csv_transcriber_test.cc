#include "src/decode/csv_transcriber.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

CsvTranscriber Make(const std::vector<std::string>& header, char delimiter = ',') {
  CsvTranscriber csv;
  csv.SetHeader(header, delimiter, [](std::string_view key) { return key == "id"; });
  return csv;
}

TEST(CsvTranscriber, WritesRowsAsJsonObjects) {
  CsvTranscriber csv = Make({"id", "b \"q\"", "c"});
  const auto expect = [&](std::string_view row, std::string_view want) {
    std::string json;
    Rejection why;
    ASSERT_TRUE(csv.Transcribe(row, &json, &why)) << row << ": " << why.message;
    EXPECT_EQ(json, want) << row;
  };
  expect("x,1,2.5", R"({"id":"x","b \"q\"":1,"c":2.5})");
  expect("12e3,1e3,-0", R"({"id":"12e3","b \"q\"":1e3,"c":-0})");
  expect(",,", R"({"id":null,"b \"q\"":null,"c":null})");
  expect(R"("x,y","","1")", R"({"id":"x,y","b \"q\"":null,"c":1})");
  expect("\"a\"\"b\",\"line\nbreak\",t",
         "{\"id\":\"a\\\"b\",\"b \\\"q\\\"\":\"line\\nbreak\",\"c\":\"t\"}");
  expect("x, 1,01", R"({"id":"x","b \"q\"":" 1","c":"01"})");
  expect("x,a\"b\",\\", R"({"id":"x","b \"q\"":"a\"b\"","c":"\\"})");
  expect("\xC3\xA9,1,2", "{\"id\":\"\xC3\xA9\",\"b \\\"q\\\"\":1,\"c\":2}");
}

TEST(CsvTranscriber, UsesTheDelimiter) {
  CsvTranscriber csv = Make({"a", "b"}, ';');
  std::string json;
  Rejection why;
  ASSERT_TRUE(csv.Transcribe("1,5;2", &json, &why));
  EXPECT_EQ(json, R"({"a":"1,5","b":2})");
}

TEST(CsvTranscriber, HeaderLineIsOneRow) {
  EXPECT_EQ(Make({"a", "b,c", "d\"e"}).header_line(), "a,\"b,c\",\"d\"\"e\"");
}

TEST(CsvTranscriber, RefusesBrokenRows) {
  CsvTranscriber csv = Make({"id", "b"});
  const auto expect = [&](std::string_view row, RejectReason reason, int64_t position) {
    std::string json;
    Rejection why;
    EXPECT_FALSE(csv.Transcribe(row, &json, &why)) << row;
    EXPECT_EQ(CodeOf(why.reason), CodeOf(reason)) << row;
    EXPECT_EQ(why.position, position) << row;
  };
  using enum RejectReason;
  expect("1", kWrongFieldCount, -1);
  expect("1,2,3", kWrongFieldCount, -1);
  expect("1,\"2", kTruncated, 4);
  expect("1,\"2\"x", kInvalidCsv, 5);
  expect(std::string_view("1,\0", 3), kNulByte, 2);
  expect("1,\xFF", kInvalidUtf8, 2);
}

}  // namespace
}  // namespace avocet
