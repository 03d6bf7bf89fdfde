// Each reason for quarantine, and that neighbours come through unharmed.
#include <gtest/gtest.h>

#include "src/decode/decode_testing.h"
#include "src/decode/reject_codes.h"

namespace avocet {
namespace {

constexpr const char* kGood =
    R"({"device_id":"good","timestamp":"2021-06-15T00:00:00Z","temperature":1})";

// A record with the device and the time that all are given.
std::string With(const std::string& fields) {
  return R"({"device_id":"d","timestamp":"2021-06-15T00:00:00Z",)" + fields + "}";
}

void ExpectReject(const SchemaConfig& schema, const std::string& record, std::string_view code,
                  std::string_view part_of_message = "", int64_t position = -2) {
  const ReadingBatch batch = DecodeRecords(schema, {kGood, record, kGood});
  ASSERT_EQ(batch.rejected.size(), 1u) << record.substr(0, 200);
  const RejectedRecord& rejected = batch.rejected[0];
  EXPECT_EQ(rejected.code, code) << record.substr(0, 200) << ": " << rejected.message;
  EXPECT_NE(rejected.message.find(part_of_message), std::string::npos) << rejected.message;
  EXPECT_LT(rejected.message.size(), 300u);
  EXPECT_EQ(rejected.payload, record);
  EXPECT_EQ(rejected.format, "json");
  EXPECT_EQ(rejected.source, "file");
  EXPECT_EQ(rejected.partition, "a.ndjson");
  EXPECT_EQ(rejected.offset, static_cast<int64_t>(std::string_view(kGood).size() + 1));
  if (position != -2) {
    EXPECT_EQ(rejected.position, position) << rejected.message;
  }
  ASSERT_EQ(batch.rows, 2u);
  for (size_t row = 0; row < 2; ++row) {
    EXPECT_EQ(batch.device[row], "good");
    EXPECT_EQ(batch.payload[row], kGood);
    EXPECT_EQ(batch.metrics[0][row], 1);
  }
}

void ExpectReject(const std::string& record, std::string_view code,
                  std::string_view part_of_message = "", int64_t position = -2) {
  ExpectReject(SchemaOf({"temperature"}), record, code, part_of_message, position);
}

TEST(DecoderReject, BrokenJson) {
  ExpectReject("hello", "invalid_json", "", 0);
  ExpectReject(With(R"("x":1,)"), "invalid_json");
  ExpectReject(With(R"("temperature":NaN)"), "invalid_json", "NaN", 66);
  ExpectReject(With(R"("temperature":1)").substr(0, 60), "truncated", "", 60);
  ExpectReject(With(R"("temperature":1)").substr(0, 67), "truncated");
  ExpectReject(std::string(kGood) + kGood, "trailing_content", "", 71);
  ExpectReject(std::string(kGood) + " ,", "trailing_content");
  ExpectReject(std::string(kGood) + "}", "trailing_content", "", 71);
  ExpectReject(std::string("[") + kGood + "]", "not_an_object");
  ExpectReject("42", "not_an_object");
  ExpectReject("null", "not_an_object");
  ExpectReject(R"("text")", "not_an_object");
}

TEST(DecoderReject, BrokenPartsThatNobodyAskedFor) {
  // The payload is kept as JSON, so unknown fields must be valid, too.
  for (const char* fields : {R"("x":{"y":tru})",  R"("x":[1,2,{"z":01}])",
                             R"("x":[1 2])",      R"("x":{"y" 1})",
                             R"("x":{"y":"\q"})", R"("x":{"\q":1})",
                             R"("x":"\u12")",     R"("x":nul)",
                             R"("x":-)",          R"("x":[1,])",
                             R"("x":{,})",        R"("x":[}])",
                             R"("x":{"y":1]})",   R"("x":1x)",
                             R"("x":+1)",         R"("x":"\ud800")",
                             R"("x":12"a")",      R"("x":truefalse)",
                             R"("x":"a"b)",       R"("x":.5)"}) {
    ExpectReject(With(fields), "invalid_json");
  }
}

TEST(DecoderReject, BadBytes) {
  ExpectReject(With("\"x\":\"\xC3(\""), "invalid_utf8", "", 57);
  ExpectReject(With("\"temperature\":\"\xFF\""), "invalid_utf8");
  ExpectReject(With("\"\xE2\x82\":1"), "invalid_utf8");
  ExpectReject(With(std::string("\"x\":\"a\0b\"", 9)), "nul_byte", "", 58);
  ExpectReject(With(std::string("\"x\":1\0", 6)), "nul_byte");
  ExpectReject(std::string(40, '\0'), "nul_byte", "", 0);
  ExpectReject(With("\"x\":\"a\tb\""), "invalid_json", "control character");
}

TEST(DecoderReject, TooDeep) {
  const auto nested = [](size_t levels) {
    return With(R"("x":)" + std::string(levels, '[') + std::string(levels, ']'));
  };
  EXPECT_EQ(DecodeRecords(SchemaOf({"temperature"}), {nested(63)}).rows, 1u);
  ExpectReject(nested(64), "too_deep");
  ExpectReject(nested(10'000), "too_deep");
  ExpectReject(With(R"("x":)" + std::string(10'000, '[')), "too_deep");
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += R"({"a":)";
  ExpectReject(With(R"("x":)" + objects + "1" + std::string(10'000, '}')), "too_deep");
}

TEST(DecoderReject, DuplicateKeys) {
  ExpectReject(With(R"("temperature":1,"temperature":2)"), "duplicate_key", "temperature", 68);
  ExpectReject(With(R"("x":1,"x":1)"), "duplicate_key", "\"x\"");
  ExpectReject(With(R"("device_id":"d")"), "duplicate_key");
  ExpectReject(With(R"("x":1,"\u0078":1)"), "duplicate_key");
  ExpectReject(With(R"("Temperature":1,"TEMPERATURE":1)"), "duplicate_key", "ambiguous");
  SchemaConfig nested = SchemaOf({"temperature"});
  nested.metrics[0].field = "data.t";
  const std::string good = With(R"("data":{"t":1})");
  const ReadingBatch batch = DecodeRecords(nested, {good, With(R"("data":{"t":1,"t":2})"), good});
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].code, "duplicate_key");
  EXPECT_EQ(batch.rows, 2u);
}

TEST(DecoderReject, Devices) {
  const auto with_device = [](const std::string& device) {
    return R"({"timestamp":"2021-06-15T00:00:00Z")" + device + "}";
  };
  ExpectReject(with_device(""), "missing_device", "device_id", -1);
  ExpectReject(with_device(R"(,"device_id":null)"), "missing_device");
  ExpectReject(with_device(R"(,"device_id":"")"), "missing_device");
  ExpectReject(with_device(R"(,"device_id":1.5)"), "bad_device", "1.5");
  ExpectReject(with_device(R"(,"device_id":1e3)"), "bad_device");
  ExpectReject(with_device(R"(,"device_id":true)"), "bad_device", "true");
  ExpectReject(with_device(R"(,"device_id":["d"])"), "bad_device", "an array");
  ExpectReject(with_device(R"(,"device_id":{"d":1})"), "bad_device", "an object");
  ExpectReject(with_device(R"(,"device_id":"a\nb")"), "bad_device", "control character");
  ExpectReject(with_device(R"(,"device_id":"a\u0000b")"), "bad_device");
  ExpectReject(with_device(",\"device_id\":\"a\x7F\""), "bad_device");
  ExpectReject(with_device(",\"device_id\":\"a\xC2\x85\""), "bad_device");
  ExpectReject(with_device(R"(,"device_id":")" + std::string(257, 'd') + "\""), "device_too_long");
  ExpectReject(with_device(R"(,"device_id":)" + std::string(257, '1')), "device_too_long");
  const ReadingBatch batch = DecodeRecords(
      SchemaOf({}), {with_device(R"(,"device_id":")" + std::string(256, 'd') + "\"")});
  EXPECT_EQ(batch.rows, 1u);
}

TEST(DecoderReject, Times) {
  const auto with_time = [](const std::string& time) { return R"({"device_id":"d")" + time + "}"; };
  ExpectReject(with_time(""), "missing_time", "timestamp", -1);
  ExpectReject(with_time(R"(,"timestamp":null)"), "missing_time");
  ExpectReject(with_time(R"(,"timestamp":"")"), "missing_time");
  for (const char* time :
       {R"("yesterday")", R"("2021-02-30")", R"("2021-06-15T24:00:00Z")",
        R"("2021-06-15T23:59:60Z")", "true", "[]", "{}", "1e30", R"("1e30")", R"(" ")"}) {
    ExpectReject(with_time(std::string(R"(,"timestamp":)") + time), "bad_time", "timestamp", 29);
  }
  for (const char* time :
       {R"("1969-12-31T23:59:59Z")", "-1", R"("-1")", "-0.5", R"("1970-01-01T00:00:00+00:01")"}) {
    ExpectReject(with_time(std::string(R"(,"timestamp":)") + time), "time_before_1970");
  }
  ExpectReject(with_time(R"(,"timestamp":"2021-06-17T00:00:00.000001Z")"), "time_in_future");
  ExpectReject(with_time(R"(,"timestamp":9000000000000000)"), "time_in_future");
  EXPECT_EQ(DecodeRecords(SchemaOf({}), {with_time(R"(,"timestamp":"2021-06-17T00:00:00Z")")}).rows,
            1u);
}

TEST(DecoderReject, MetricValues) {
  ExpectReject(With(R"("temperature":"abc")"), "wrong_type",
               R"(field "temperature" has a string that is no number: "abc")", 66);
  ExpectReject(With(R"("temperature":")" + std::string(1000, 'x') + "\""), "wrong_type", "...");
  ExpectReject(With(R"("temperature":[1])"), "wrong_type", "an array", 66);
  ExpectReject(With(R"("temperature":{"v":1})"), "wrong_type", "an object");
  ExpectReject(With(R"("temperature":"0x10")"), "wrong_type");
  for (const char* text : {"NaN", "nan", "Infinity", "-inf", " inf "}) {
    ExpectReject(With(std::string(R"("temperature":")") + text + "\""), "not_finite");
  }
  ExpectReject(With(R"("temperature":1e400)"), "number_overflow", "1e400");
  ExpectReject(With(R"("temperature":-1e400)"), "number_overflow");
  ExpectReject(With(R"("temperature":"1e400")"), "number_overflow");
  ExpectReject(With(R"("temperature":)" + std::string(400, '9')), "number_overflow", "999...");
  SchemaConfig converted = SchemaOf({"temperature"});
  converted.metrics[0].source_unit = "degF";
  converted.metrics[0].unit = "degC";
  const ReadingBatch batch = DecodeRecords(converted, {With(R"("temperature":1e400)")});
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].code, "number_overflow");
}

TEST(DecoderReject, LongForm) {
  SchemaConfig schema = SchemaOf({"temperature"});
  schema.metric_field = "metric";
  schema.value_field = "value";
  const std::string good = With(R"("metric":"temperature","value":1)");
  const auto expect = [&](const std::string& fields, std::string_view code) {
    const ReadingBatch batch = DecodeRecords(schema, {good, With(fields), good});
    ASSERT_EQ(batch.rejected.size(), 1u) << fields;
    EXPECT_EQ(batch.rejected[0].code, code) << fields;
    EXPECT_EQ(batch.rows, 2u);
  };
  expect(R"("value":1)", "missing_metric");
  expect(R"("metric":null,"value":1)", "missing_metric");
  expect(R"("metric":"","value":1)", "missing_metric");
  expect(R"("metric":5,"value":1)", "wrong_type");
  expect(R"("metric":"speed","value":1)", "unknown_metric");
  expect(R"("metric":"temperature","value":"abc")", "wrong_type");
  expect(R"("metric":"temperature","value":1e400)", "number_overflow");
  schema.evolve = true;
  expect(R"("metric":"speed","value":"fast")", "unknown_metric");
  expect(R"("metric":"speed","value":1e400)", "number_overflow");
  expect(R"("metric":"Device ID","value":1)", "unknown_metric");
  expect(R"("metric":"---","value":1)", "unknown_metric");
}

TEST(DecoderReject, PositionsCountFromTheFirstByteOfTheRecord) {
  const std::string record = std::string("\xEF\xBB\xBF  ") + With(R"("temperature":"abc")");
  const ReadingBatch batch = DecodeRecords(SchemaOf({"temperature"}), {record});
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].position, 5 + 66);
  EXPECT_EQ(batch.rejected[0].payload, record);
}

TEST(DecoderReject, SourceRejectsPassThroughOnce) {
  RawBatch raw = MakeRawBatch({kGood, kGood});
  raw.rejects.push_back({"abc", 77, "record_too_long", "the record is too long"});
  const auto decoder = MakeDecoder(SchemaOf({"temperature"}));
  ReadingBatch batch = DecodeAll(decoder.get(), raw);
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].code, "record_too_long");
  EXPECT_EQ(batch.rejected[0].message, "the record is too long");
  EXPECT_EQ(batch.rejected[0].payload, "abc");
  EXPECT_EQ(batch.rejected[0].offset, 77);
  EXPECT_EQ(batch.rejected[0].position, -1);
  EXPECT_EQ(batch.rejected[0].source, "file");
  decoder->Decode(raw, 1, 2, kTestNowUs, &batch);
  EXPECT_TRUE(batch.rejected.empty());
  EXPECT_EQ(batch.rows, 1u);
}

}  // namespace
}  // namespace avocet
