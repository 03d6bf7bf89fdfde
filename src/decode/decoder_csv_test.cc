#include <gtest/gtest.h>

#include <cmath>

#include "src/decode/decode_testing.h"

namespace avocet {
namespace {

const std::vector<std::string>& Header() {
  static const auto* header =
      new std::vector<std::string>{"Device ID", "timestamp", "temperature", "note"};
  return *header;
}

ReadingBatch DecodeRows(const std::vector<std::string>& rows) {
  const auto decoder = MakeDecoder(SchemaOf({"temperature"}));
  return DecodeAll(decoder.get(), MakeCsvBatch(Header(), rows));
}

TEST(DecoderCsv, RowsBecomeReadings) {
  const ReadingBatch batch =
      DecodeRows({"d1,2021-06-15 00:00:00,37.5,\"a, b\"", "12e3,1623715200, 38 ,\r", "",
                  "\"x\"\"y\",2021-06-15,,\"two\nlines\""});
  ASSERT_EQ(batch.rows, 3u) << (batch.rejected.empty() ? "" : batch.rejected[0].message);
  EXPECT_TRUE(batch.rejected.empty());
  EXPECT_EQ(batch.device[0], "d1");
  EXPECT_EQ(batch.device[1], "12e3");
  EXPECT_EQ(batch.device[2], "x\"y");
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(batch.event_time_us[row], 1'623'715'200'000'000);
  }
  EXPECT_EQ(batch.metrics[0][0], 37.5);
  EXPECT_EQ(batch.metrics[0][1], 38);
  EXPECT_TRUE(std::isnan(batch.metrics[0][2]));
  EXPECT_EQ(
      batch.payload[0],
      R"({"Device ID":"d1","timestamp":"2021-06-15 00:00:00","temperature":37.5,"note":"a, b"})");
  EXPECT_EQ(batch.payload[2].find('\n'), std::string_view::npos);
  EXPECT_EQ(batch.extra_bytes.size(), 1u);
}

TEST(DecoderCsv, PayloadsDecodeToTheSameRows) {
  std::vector<std::string> rows;
  for (const char* device : {"d", "1", "1e3", "-0", "001", "\"a\"\"b\"", "\xC3\xA9", "a\\nb"}) {
    for (const char* value :
         {"1", "-1.50", "1e-3", "", "\"\"", " 2 ", "007", "+3", "\"4\"", "1E5", "-0"}) {
      for (const char* time : {"2021-06-15", "1623715200.5", "\"1623715200000\""}) {
        rows.push_back(std::string(device) + "," + time + "," + value + ",\"x\\\n,\"\"\"");
      }
    }
  }
  const ReadingBatch from_csv = DecodeRows(rows);
  ASSERT_EQ(from_csv.rows, rows.size())
      << from_csv.rejected[0].payload << ": " << from_csv.rejected[0].message;
  const ReadingBatch from_json =
      DecodeRecords(SchemaOf({"temperature"}), {from_csv.payload.begin(), from_csv.payload.end()});
  ASSERT_EQ(from_json.rows, rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    EXPECT_EQ(RowText(from_csv, row), RowText(from_json, row)) << rows[row];
    EXPECT_EQ(from_csv.payload[row], from_json.payload[row]);
  }
}

TEST(DecoderCsv, RejectedRowsKeepTheirBytesAndTheHeader) {
  const std::string good = "d,2021-06-15,1,";
  const auto expect = [&](const std::string& row, std::string_view code,
                          std::string_view part_of_message, int64_t position) {
    const ReadingBatch batch = DecodeRows({good, row, good});
    EXPECT_EQ(batch.rows, 2u) << row;
    ASSERT_EQ(batch.rejected.size(), 1u) << row;
    const RejectedRecord& rejected = batch.rejected[0];
    EXPECT_EQ(rejected.code, code) << row;
    EXPECT_NE(rejected.message.find(part_of_message), std::string::npos) << rejected.message;
    EXPECT_EQ(rejected.position, position) << row;
    EXPECT_EQ(rejected.payload, row);
    EXPECT_EQ(rejected.format, "csv:Device ID,timestamp,temperature,note");
    EXPECT_EQ(rejected.offset, static_cast<int64_t>(good.size() + 1));
  };
  expect("d,2021-06-15,1", "wrong_field_count", "3 fields, the header has 4", -1);
  expect("d,2021-06-15,1,a,b", "wrong_field_count", "5 fields, the header has 4", -1);
  expect("d,2021-06-15,abc,", "wrong_type", "\"temperature\"", -1);
  expect("d,2021-06-15,true,", "wrong_type", "\"true\"", -1);
  expect("d,2021-06-15,NaN,", "not_finite", "", -1);
  expect("d,2021-06-15,1e400,", "number_overflow", "", -1);
  expect(",2021-06-15,1,", "missing_device", "", -1);
  expect("\"a\nb\",2021-06-15,1,", "bad_device", "", -1);
  expect("d,,1,", "missing_time", "", -1);
  expect("d,noon,1,", "bad_time", "", -1);
  expect("d,2021-06-15,1,\xFF", "invalid_utf8", "", 15);
  expect(std::string("d,2021-06-15,1,\0", 16), "nul_byte", "", 15);
  expect("d,2021-06-15,1,\"x", "truncated", "", 17);
  expect("d,2021-06-15,1,\"x\"y", "invalid_csv", "", 18);
}

TEST(DecoderCsv, DayFirstTimesAndDecimalCommas) {
  SchemaConfig schema = SchemaOf({"temperature"});
  schema.time_pattern = "%d.%m.%Y %H:%M";
  schema.time_zone = "Europe/Berlin";
  schema.decimal_comma = true;
  schema.evolve = true;
  const auto decoder = MakeDecoder(schema);
  RawBatch raw = MakeCsvBatch(
      {"device_id", "timestamp", "temperature", "load"},
      {"1,5;15.06.2021 02:00;37,5;-0,25", "d;2021-06-15T02:00;\" 38 \";7",
       "d;15.06.2021 02:00;1.234,5;", "d;15.06.2021 02:00;37.5;", "d;15/06/2021 02:00;1;"});
  raw.csv_delimiter = ';';
  const ReadingBatch batch = DecodeAll(decoder.get(), raw);
  ASSERT_EQ(batch.rows, 2u);
  EXPECT_EQ(batch.device[0], "1,5");
  EXPECT_EQ(batch.event_time_us[0], 1'623'715'200'000'000);
  EXPECT_EQ(batch.event_time_us[1], 1'623'715'200'000'000);
  EXPECT_EQ(batch.metrics[0][0], 37.5);
  EXPECT_EQ(batch.metrics[0][1], 38);
  EXPECT_EQ(
      batch.payload[0],
      R"({"device_id":"1,5","timestamp":"15.06.2021 02:00","temperature":37.5,"load":-0.25})");
  EXPECT_EQ(batch.new_metrics, std::vector<std::string>{"load"});
  ASSERT_EQ(batch.rejected.size(), 3u);
  EXPECT_EQ(batch.rejected[0].code, "wrong_type");
  EXPECT_EQ(batch.rejected[1].code, "wrong_type");
  EXPECT_EQ(batch.rejected[2].code, "bad_time");
}

TEST(DecoderCsv, EqualHeaderNamesAreDuplicateKeys) {
  const auto decoder = MakeDecoder(SchemaOf({}));
  const ReadingBatch batch =
      DecodeAll(decoder.get(), MakeCsvBatch({"device_id", "timestamp", "x", "x"}, {"d,0,1,2"}));
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].code, "duplicate_key");
}

TEST(DecoderCsv, HeadersMayChangeBetweenBatches) {
  const auto decoder = MakeDecoder(SchemaOf({"t"}));
  const ReadingBatch first =
      DecodeAll(decoder.get(), MakeCsvBatch({"device_id", "timestamp", "t"}, {"d,0,1"}));
  const ReadingBatch second =
      DecodeAll(decoder.get(), MakeCsvBatch({"t", "timestamp", "device_id"}, {"2;0;e"}, ';'));
  ASSERT_EQ(first.rows + second.rows, 2u);
  EXPECT_EQ(first.metrics[0][0], 1);
  EXPECT_EQ(second.metrics[0][0], 2);
  EXPECT_EQ(second.device[0], "e");
}

}  // namespace
}  // namespace avocet
