#include "src/decode/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/decode/decode_testing.h"

namespace avocet {
namespace {

constexpr int64_t kJune15Us = 1'623'715'200'000'000;

std::string With(const std::string& fields) {
  return R"({"device_id":"d","timestamp":"2021-06-15T00:00:00Z",)" + fields + "}";
}

// The one metric of a record; fails the test when the record is rejected.
double MetricOf(const SchemaConfig& schema, const std::string& record) {
  const ReadingBatch batch = DecodeRecords(schema, {record});
  if (batch.rows != 1 || batch.metrics.size() != 1) {
    ADD_FAILURE() << record << (batch.rejected.empty() ? "" : ": " + batch.rejected[0].message);
    return -1;
  }
  return batch.metrics[0][0];
}

TEST(Decoder, DecodesTheUsualRecord) {
  const std::string record =
      R"({"device_id":"dev-0042","timestamp":"2021-06-15T18:28:26.000Z","temperature":37.94,)"
      R"("humidity":28.94,"air_quality":75,"light":644,"loudness":106})";
  const RawBatch raw = MakeRawBatch({record});
  const auto decoder =
      MakeDecoder(SchemaOf({"temperature", "humidity", "air_quality", "light", "loudness"}));
  const ReadingBatch batch = DecodeAll(decoder.get(), raw);
  ASSERT_EQ(batch.rows, 1u);
  EXPECT_TRUE(batch.rejected.empty());
  EXPECT_EQ(batch.device[0], "dev-0042");
  EXPECT_EQ(batch.event_time_us[0], 1'623'781'706'000'000);
  EXPECT_EQ(batch.payload[0], record);
  EXPECT_EQ(batch.offset[0], 0);
  const std::vector<double> want = {37.94, 28.94, 75, 644, 106};
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(batch.metrics[i][0], want[i]);
  EXPECT_EQ(batch.source, "file");
  EXPECT_EQ(batch.partition, "a.ndjson");
  // Nothing is copied: device and payload are slices of the raw bytes.
  EXPECT_EQ(batch.bytes, raw.bytes);
  EXPECT_TRUE(batch.extra_bytes.empty());
  EXPECT_EQ(batch.payload[0].data(), raw.bytes->data.get());
}

TEST(Decoder, ReadsMetricValues) {
  const SchemaConfig schema = SchemaOf({"t"});
  const auto expect = [&](const std::string& value, double want) {
    const double got = MetricOf(schema, With("\"t\":" + value));
    EXPECT_TRUE(std::isnan(want) ? std::isnan(got) : got == want) << value << " gave " << got;
  };
  expect("1", 1);
  expect("-0.5e-3", -0.0005);
  expect("9007199254740993", 9007199254740992.0);
  expect("18446744073709551616", 18446744073709551616.0);
  expect("1e-400", 0);
  expect(R"("37.5")", 37.5);
  expect(R"(" 37.5 ")", 37.5);
  expect(R"("1e3")", 1000);
  expect(R"("\u0031\u0032")", 12);
  expect("true", 1);
  expect("false", 0);
  expect("null", kNullValue);
  expect(R"("")", kNullValue);
  expect(R"("  ")", kNullValue);
  EXPECT_TRUE(std::isnan(MetricOf(schema, With(R"("x":1)"))));
}

TEST(Decoder, ConvertsUnits) {
  SchemaConfig schema = SchemaOf({"t"});
  schema.metrics[0].source_unit = "degF";
  schema.metrics[0].unit = "degC";
  EXPECT_NEAR(MetricOf(schema, With(R"("t":212)")), 100, 1e-9);
  EXPECT_NEAR(MetricOf(schema, With(R"("t":"32")")), 0, 1e-9);
  EXPECT_TRUE(std::isnan(MetricOf(schema, With(R"("t":null)"))));
  schema.metrics[0].source_unit = "degC";
  EXPECT_EQ(MetricOf(schema, With(R"("t":0.1)")), 0.1);
}

TEST(Decoder, FindsFieldsByPathFlatKeyAndNormalisedKey) {
  const auto expect = [](const std::string& field, const std::string& fields, double want) {
    SchemaConfig schema = SchemaOf({"m"});
    schema.metrics[0].name = field == "air_quality" ? field : "m";
    schema.metrics[0].field = field;
    const double got = MetricOf(schema, With(fields));
    EXPECT_TRUE(std::isnan(want) ? std::isnan(got) : got == want) << field << " in " << fields;
  };
  expect("data.temp", R"("data":{"temp":1,"x":2})", 1);
  expect("data.temp", R"("data":{"x":{"temp":3},"temp":1})", 1);
  expect("data.temp", R"("data":{"\u0074emp":1})", 1);
  expect("readings.0.v", R"("readings":[{"v":1},{"v":2}])", 1);
  expect("readings.1.v", R"("readings":[{"v":1},{"v":2}])", 2);
  expect("readings.10", R"("readings":[0,1,2,3,4,5,6,7,8,9,10])", 10);
  expect("readings.2.v", R"("readings":[{"v":1},{"v":2}])", kNullValue);
  expect("data.temp", R"("data.temp":4)", 4);
  expect("data.temp", R"("data.temp":4,"data":{"temp":1})", 1);
  expect("data.temp", R"("data":{"temp":1},"data.temp":4)", 1);
  expect("data.temp", R"("data.temp":4,"data":{"x":1})", 4);
  expect("data.temp", R"("data":5)", kNullValue);
  expect("air_quality", R"("Air Quality":7)", 7);
  expect("air_quality", R"("AIR-QUALITY":7)", 7);
  expect("air_quality", R"("Air Quality":7,"air_quality":8)", 8);
  expect("air_quality", R"("air_quality":8,"Air Quality":"broken")", 8);
  expect("Air Quality", R"("Air Quality":7)", 7);
  expect("Air Quality", R"("air_quality":7)", kNullValue);
  // A match that loses must not reject the record, nor must two of them.
  expect("air_quality", R"("AIR QUALITY":1,"Air Quality":2,"air_quality":3)", 3);
}

TEST(Decoder, AcceptsNormalisedDeviceAndTimeKeys) {
  const ReadingBatch batch = DecodeRecords(
      SchemaOf({}),
      {R"({"Device ID":"d","Timestamp":"2021-06-15"})",
       R"({"Device ID":"x","device_id":"d","Timestamp":1,"timestamp":"2021-06-15"})"});
  ASSERT_EQ(batch.rows, 2u);
  for (size_t row = 0; row < 2; ++row) {
    EXPECT_EQ(batch.device[row], "d");
    EXPECT_EQ(batch.event_time_us[row], kJune15Us);
  }
}

TEST(Decoder, OneKeyMayServeTwoFields) {
  SchemaConfig schema = SchemaOf({"celsius", "fahrenheit"});
  schema.metrics[0].field = "t";
  schema.metrics[1].field = "t";
  schema.metrics[1].source_unit = "degC";
  schema.metrics[1].unit = "degF";
  const ReadingBatch batch = DecodeRecords(schema, {With(R"("t":100)")});
  ASSERT_EQ(batch.rows, 1u);
  EXPECT_EQ(batch.metrics[0][0], 100);
  EXPECT_NEAR(batch.metrics[1][0], 212, 1e-9);
}

TEST(Decoder, OrderOfKeysDoesNotMatter) {
  std::vector<std::string> fields = {
      R"("device_id":"d")", R"("timestamp":1623715200)", R"("a":1)",
      R"("B":2)",           R"("x":{"y":[1,{}]})",       R"("c":"3")"};
  std::sort(fields.begin(), fields.end());
  std::vector<std::string> records;
  do {
    std::string record = "{";
    for (const std::string& field : fields) record += (record.size() > 1 ? "," : "") + field;
    records.push_back(record + "}");
  } while (std::next_permutation(fields.begin(), fields.end()));
  const ReadingBatch batch = DecodeRecords(SchemaOf({"a", "b", "c"}), records);
  ASSERT_EQ(batch.rows, records.size());
  for (size_t row = 0; row < batch.rows; ++row) EXPECT_EQ(RowText(batch, row), RowText(batch, 0));
  EXPECT_EQ(batch.metrics[1][0], 2);
}

TEST(Decoder, LayoutsMayChangeBetweenRecords) {
  const std::vector<std::string> records = {With(R"("a":1,"b":2)"),
                                            With(R"("b":4,"a":3)"),
                                            With(R"("a":5)"),
                                            With(R"("a":6,"ab":0,"b":7)"),
                                            With(R"("ab":1,"a":8,"b":9)"),
                                            With(R"("a":1,"b":2)"),
                                            "{",
                                            With(R"("b":11,"a":10)")};
  const ReadingBatch batch = DecodeRecords(SchemaOf({"a", "b"}), records);
  ASSERT_EQ(batch.rows, 7u);
  EXPECT_EQ(batch.metrics[0], (std::vector<double>{1, 3, 5, 6, 8, 1, 10}));
  EXPECT_TRUE(std::isnan(batch.metrics[1][2]));
  EXPECT_EQ(batch.metrics[1][6], 11);
}

TEST(Decoder, ManyDistinctKeysAreForgottenAgain) {
  std::vector<std::string> records;
  for (int i = 0; i < 20'000; ++i) {
    records.push_back(With("\"k" + std::to_string(i) + "\":1,\"t\":" + std::to_string(i)));
  }
  const ReadingBatch batch = DecodeRecords(SchemaOf({"t"}), records);
  ASSERT_EQ(batch.rows, records.size());
  for (size_t i = 0; i < batch.rows; ++i) EXPECT_EQ(batch.metrics[0][i], static_cast<double>(i));
}

TEST(Decoder, ReadsDevices) {
  const auto expect = [](const std::string& device, std::string_view want) {
    const ReadingBatch batch =
        DecodeRecords(SchemaOf({}), {R"({"device_id":)" + device + R"(,"timestamp":0})"});
    ASSERT_EQ(batch.rows, 1u) << device;
    EXPECT_EQ(batch.device[0], want);
  };
  expect(R"("d")", "d");
  expect("42", "42");
  expect("-7", "-7");
  expect("12345678901234567890123", "12345678901234567890123");
  expect(R"("a\"b\\\u00e9")", "a\"b\\\xC3\xA9");
  expect("\"\xC3\xA9\xC2\xA0\"", "\xC3\xA9\xC2\xA0");
}

TEST(Decoder, EscapedDevicesOutliveTheDecoder) {
  std::vector<std::string> records;
  for (int i = 0; i < 50'000; ++i) {
    records.push_back(R"({"device_id":"a\/)" + std::to_string(i) + R"(","timestamp":0})");
  }
  ReadingBatch batch = DecodeRecords(SchemaOf({}), records);
  ASSERT_EQ(batch.rows, records.size());
  for (size_t i = 0; i < batch.rows; ++i) EXPECT_EQ(batch.device[i], "a/" + std::to_string(i));
  EXPECT_LT(batch.extra_bytes.size(), 10u);
}

TEST(Decoder, ConstantDeviceWins) {
  SchemaConfig schema = SchemaOf({});
  schema.device_constant = "hall-1";
  ReadingBatch batch =
      DecodeRecords(schema, {R"({"timestamp":0})", "{}", R"({"timestamp":0,"device_id":"other"})"});
  ASSERT_EQ(batch.rows, 2u);
  EXPECT_EQ(batch.device[0], "hall-1");
  EXPECT_EQ(batch.device[1], "hall-1");
}

TEST(Decoder, TimesWithoutOffsetAreOfTheZone) {
  SchemaConfig schema = SchemaOf({});
  schema.time_zone = "America/New_York";
  const ReadingBatch batch =
      DecodeRecords(schema, {R"({"device_id":"d","timestamp":"2021-06-14T20:00:00"})",
                             R"({"device_id":"d","timestamp":"2021-06-15T00:00:00Z"})",
                             R"({"device_id":"d","timestamp":1623715200})"});
  ASSERT_EQ(batch.rows, 3u);
  for (size_t row = 0; row < 3; ++row) EXPECT_EQ(batch.event_time_us[row], kJune15Us);
}

TEST(Decoder, PatternsReadNumbersToo) {
  SchemaConfig schema = SchemaOf({});
  schema.time_pattern = "%Y%m%d%H%M%S";
  const ReadingBatch batch =
      DecodeRecords(schema, {R"({"device_id":"d","timestamp":20210615000000})",
                             R"({"device_id":"d","timestamp":"20210615000000"})",
                             R"({"device_id":"d","timestamp":1623715200})"});
  ASSERT_EQ(batch.rows, 2u);
  for (size_t row = 0; row < 2; ++row) EXPECT_EQ(batch.event_time_us[row], kJune15Us);
  EXPECT_EQ(batch.rejected[0].code, "bad_time");
}

TEST(Decoder, ReadsTimesAsDeclared) {
  const auto expect = [](TimeFormat format, const std::string& time, int64_t want) {
    SchemaConfig schema = SchemaOf({});
    schema.time_format = format;
    const ReadingBatch batch =
        DecodeRecords(schema, {R"({"device_id":"d","timestamp":)" + time + "}"});
    if (want < 0) {
      ASSERT_EQ(batch.rejected.size(), 1u) << time;
      EXPECT_EQ(batch.rejected[0].code, "bad_time") << time;
      return;
    }
    ASSERT_EQ(batch.rows, 1u) << time << ": " << batch.rejected[0].message;
    EXPECT_EQ(batch.event_time_us[0], want) << time;
  };
  using enum TimeFormat;
  expect(kAuto, R"("2021-06-15T02:00:00+02:00")", kJune15Us);
  expect(kAuto, R"(" 2021-06-15 ")", kJune15Us);
  expect(kAuto, R"("2021\u002d06-15")", kJune15Us);
  expect(kAuto, "1623715200", kJune15Us);
  expect(kAuto, "1623715200.25", kJune15Us + 250'000);
  expect(kAuto, "1623715200000", kJune15Us);
  expect(kAuto, "1623715200000001", kJune15Us + 1);
  expect(kAuto, "1623715200000001999", kJune15Us + 1);
  expect(kAuto, R"("1623715200000")", kJune15Us);
  expect(kEpochMs, "1000", 1'000'000);
  expect(kEpochMs, R"("1000")", 1'000'000);
  expect(kEpochS, "1e3", 1'000'000'000);
  expect(kIso8601, R"("2021-06-15")", kJune15Us);
  expect(kIso8601, "1623715200", -1);
  expect(kIso8601, R"("1623715200")", -1);
  expect(kEpochS, R"("2021-06-15")", -1);
}

TEST(Decoder, FutureLimitDoesNotOverflow) {
  SchemaConfig schema = SchemaOf({});
  schema.max_future = Duration(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(DecodeRecords(schema, {R"({"device_id":"d","timestamp":9000000000000000000})",
                                   R"({"device_id":"d","timestamp":253402300799})"})
                .rows,
            2u);
}

TEST(Decoder, ByteOrderMarkSpaceAndCarriageReturnAreNoPayload) {
  const std::string record = With(R"("t":1)");
  const ReadingBatch batch =
      DecodeRecords(SchemaOf({"t"}), {"\xEF\xBB\xBF" + record, record + "\r", " \t" + record + "  ",
                                      "", " ", "\r", "\xEF\xBB\xBF"});
  ASSERT_EQ(batch.rows, 3u);
  EXPECT_TRUE(batch.rejected.empty());
  for (size_t row = 0; row < 3; ++row) EXPECT_EQ(batch.payload[row], record);
}

TEST(Decoder, PayloadsOfSeveralLinesAreMinified) {
  const std::string pretty =
      "{\n  \"device_id\": \"d \\n\",\r\n  \"timestamp\": \"2021-06-15\",\n  \"t\": [ 1, 2 ]\n}";
  const ReadingBatch batch = DecodeRecords(SchemaOf({}), {pretty, pretty});
  ASSERT_EQ(batch.rows, 0u);  // the device has a line break
  const std::string fine =
      "{\n  \"device_id\": \"d x\",\r\n  \"timestamp\": \"2021-06-15\",\n  \"t\": [ 1, 2 ]\n}";
  const ReadingBatch minified = DecodeRecords(SchemaOf({}), {fine, With(R"("t": 1)"), fine});
  ASSERT_EQ(minified.rows, 3u);
  EXPECT_EQ(minified.payload[0], R"({"device_id":"d x","timestamp":"2021-06-15","t":[1,2]})");
  EXPECT_EQ(minified.payload[1], With(R"("t": 1)"));
  EXPECT_EQ(minified.payload[2], minified.payload[0]);
  EXPECT_EQ(minified.device[2], "d x");
}

TEST(Decoder, TenMegabyteRecordsAreReadAndForgotten) {
  const std::string text(10'000'000, 'x');
  const std::string huge = With(R"("x":")" + text + R"(","t":5)");
  std::string many = R"("t":6)";
  for (int i = 0; i < 100'000; ++i)
    many += ",\"k" + std::to_string(i) + "\":[" + std::to_string(i) + "]";
  const ReadingBatch batch = DecodeRecords(
      SchemaOf({"t"}), {huge, With(many), With(R"("t":1)"), huge.substr(0, 9'000'000), huge});
  ASSERT_EQ(batch.rows, 4u);
  EXPECT_EQ(batch.metrics[0], (std::vector<double>{5, 6, 1, 5}));
  EXPECT_EQ(batch.payload[0].size(), huge.size());
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].code, "truncated");
}

TEST(Decoder, LongFormFillsTheNamedMetric) {
  SchemaConfig schema = SchemaOf({"temperature", "air_quality"});
  schema.metrics[0].field = "t.0";
  schema.metric_field = "sensor.name";
  schema.value_field = "v";
  const ReadingBatch batch = DecodeRecords(
      schema,
      {With(R"("sensor":{"name":"t.0"},"v":1)"), With(R"("sensor":{"name":"temperature"},"v":"2")"),
       With(R"("v":3,"sensor":{"name":"Air Quality"})"), With(R"("sensor":{"name":"air_quality"})"),
       With(R"("temperature":4,"sensor":{"name":"air_quality"},"v":null)")});
  ASSERT_EQ(batch.rows, 5u);
  const std::vector<double> first = {1, 2, kNullValue, kNullValue, kNullValue};
  const std::vector<double> second = {kNullValue, kNullValue, 3, kNullValue, kNullValue};
  for (size_t row = 0; row < 5; ++row) {
    EXPECT_TRUE(first[row] == batch.metrics[0][row] ||
                (std::isnan(first[row]) && std::isnan(batch.metrics[0][row])));
    EXPECT_TRUE(second[row] == batch.metrics[1][row] ||
                (std::isnan(second[row]) && std::isnan(batch.metrics[1][row])));
  }
}

TEST(Decoder, DecodingInPiecesGivesTheSame) {
  std::vector<std::string> records;
  for (int i = 0; i < 60; ++i) {
    records.push_back(With("\"t\":" + std::to_string(i)));
    records.push_back(With("\"u\":" + std::to_string(i) + ",\"T\":2"));
    records.push_back(With(R"("t":"abc")"));
    records.push_back(R"({"device_id":"a\/b","timestamp":0,"v)" + std::to_string(i) + R"(":1})");
    records.push_back("{");
  }
  SchemaConfig schema = SchemaOf({"t"});
  schema.evolve = true;
  const RawBatch raw = MakeRawBatch(records);
  const auto decoder = MakeDecoder(schema);
  const ReadingBatch whole = DecodeAll(decoder.get(), raw);
  std::vector<std::string> rows;
  std::vector<std::string> rejected;
  std::vector<std::string> new_metrics;
  ReadingBatch piece;
  for (size_t begin = 0, step = 1; begin < records.size(); begin += step, step = step % 7 + 1) {
    decoder->Decode(raw, begin, std::min(begin + step, records.size()), kTestNowUs, &piece);
    const std::vector<std::string> lines = BatchText(piece);
    rows.insert(rows.end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(piece.rows));
    rejected.insert(rejected.end(), lines.begin() + static_cast<std::ptrdiff_t>(piece.rows),
                    lines.end());
    for (const std::string& name : piece.new_metrics) {
      if (std::find(new_metrics.begin(), new_metrics.end(), name) == new_metrics.end()) {
        new_metrics.push_back(name);
      }
    }
  }
  rows.insert(rows.end(), rejected.begin(), rejected.end());
  EXPECT_EQ(rows, BatchText(whole));
  EXPECT_EQ(new_metrics, whole.new_metrics);
  EXPECT_EQ(whole.new_metrics.size(), 61u);
}

}  // namespace
}  // namespace avocet
