#include "src/source/push/line_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

constexpr int64_t kNowUs = 1'623'781'706'000'000;

std::string Json(std::string_view line, LineProtocolFields fields = {}, int64_t unit_ns = 1) {
  std::string why;
  return TranscribeLine(line, fields, unit_ns, kNowUs, &why).value_or("! " + why);
}

TEST(LineProtocolTest, TagsFieldsAndTimesBecomeMembers) {
  const auto f = [](std::string_view line, std::string_view want) { EXPECT_EQ(Json(line), want); };
  f("w,device_id=d1 temp=21.5,n=-3i,u=7u,ok=t,no=False 1623781706123456789",
    R"({"measurement":"w","device_id":"d1","temp":21.5,"n":-3,"u":7,"ok":true,"no":false,)"
    R"("timestamp":"2021-06-15T18:28:26.123456Z"})");
  f("w temp=1e3", R"({"measurement":"w","temp":1000,"timestamp":"2021-06-15T18:28:26Z"})");
  f(R"(my\ room,a\,b=c\=d text="say \"hi\", \\ you" 0)",
    R"({"measurement":"my room","a,b":"c=d","text":"say \"hi\", \\ you","timestamp":"1970-01-01T00:00:00Z"})");
  f("w v=1 -1", R"({"measurement":"w","v":1,"timestamp":"1969-12-31T23:59:59.999999Z"})");
}

TEST(LineProtocolTest, TimesAreWrittenAsTheSchemaReadsThem) {
  const auto time = [](TimeFormat format, std::string_view line, int64_t unit_ns) {
    const std::string json = Json(line, {"t", format}, unit_ns);
    return json.substr(json.rfind("\"t\":"));
  };
  constexpr int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(time(TimeFormat::kEpochS, "w v=1 1623781706", kSecond), "\"t\":1623781706}");
  EXPECT_EQ(time(TimeFormat::kEpochMs, "w v=1 1623781706", kSecond), "\"t\":1623781706000}");
  EXPECT_EQ(time(TimeFormat::kEpochUs, "w v=1 1623781706", kSecond), "\"t\":1623781706000000}");
  EXPECT_EQ(time(TimeFormat::kEpochNs, "w v=1 1623781706", kSecond), "\"t\":1623781706000000000}");
  EXPECT_EQ(time(TimeFormat::kAuto, "w v=1 1623781706500", 1'000'000),
            "\"t\":\"2021-06-15T18:28:26.500Z\"}");
}

TEST(LineProtocolTest, SaysWhatIsWrongWithALine) {
  const auto f = [](std::string_view line, std::string_view why) {
    EXPECT_NE(Json(line).find(why), std::string::npos) << line << " -> " << Json(line);
    EXPECT_EQ(Json(line).front(), '!');
  };
  f(",a=b v=1", "measurement is missing");
  f("w", "no fields");
  f("w,a v=1", "tag has no value");
  f("w,a= v=1", "tag a is empty");
  f("w v", "field has no value");
  f("w v=", "field v has a value");
  f("w v=1.5i", "field v has a value");
  f("w v=nan", "field v has a value");
  f("w v=inf", "field v has a value");
  f("w v=\"open", "has no end");
  f("w v=1 soon", "time is not an integer");
  f("w v=1 9223372036854775807x", "time is not an integer");
  std::string why;
  EXPECT_FALSE(TranscribeLine("w v=1 9223372036854775807", {}, 1'000'000'000, 0, &why).has_value());
}

TEST(LineProtocolTest, LinesAreNumberedAndBlankOnesPassedOver) {
  IngestRecords records;
  TranscribeLineProtocol("# comment\n\nw v=1 0\r\n  \nbroken\nw v=2 0", {}, 1, kNowUs, &records);
  ASSERT_EQ(records.batch.records.size(), 3u);
  EXPECT_EQ(records.lines, (std::vector<uint64_t>{3, 5, 6}));
  ASSERT_EQ(records.unreadable.size(), 1u);
  EXPECT_EQ(records.unreadable[0].record, 1u);
  EXPECT_EQ(records.batch.Bytes(records.batch.records[1]), "broken");
  EXPECT_EQ(records.batch.empty_records, 2u);
}

}  // namespace
}  // namespace avocet
