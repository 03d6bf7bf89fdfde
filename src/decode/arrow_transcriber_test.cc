#include "src/decode/arrow_transcriber.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "src/model/column_batch.h"

namespace avocet {
namespace {

std::vector<std::string> Transcribed(const std::shared_ptr<ColumnBatch>& rows,
                                     const SchemaConfig& schema, size_t begin = 0) {
  ArrowArray array;
  ArrowSchema columns;
  ColumnBatch::Export(rows, &array, &columns);
  std::vector<std::string> records;
  {
    auto transcriber = ArrowTranscriber::Make(columns, schema);
    EXPECT_TRUE(transcriber.ok()) << transcriber.status().message();
    const RawBatch batch = transcriber->Transcribe(array, begin, rows->rows(), 7);
    for (const RawRecord& record : batch.records) {
      EXPECT_EQ(record.offset, 7 + static_cast<int64_t>(records.size()));
      records.emplace_back(batch.Bytes(record));
    }
  }
  array.release(&array);
  columns.release(&columns);
  return records;
}

std::shared_ptr<ColumnBatch> Readings() {
  auto rows = std::make_shared<ColumnBatch>();
  rows->AddColumn("device", ColumnType::kString);
  rows->AddColumn("at", ColumnType::kTimestamp);
  rows->AddColumn("temperature", ColumnType::kDouble);
  rows->AddColumn("count", ColumnType::kInt64);
  rows->AddColumn("on", ColumnType::kBool);
  return rows;
}

void Add(const char* device, int64_t time_us, double temperature, int64_t count,
         ColumnBatch* rows) {
  rows->column(0).AppendBytes(device);
  rows->column(1).AppendInt(time_us);
  rows->column(2).AppendDouble(temperature);
  rows->column(3).AppendInt(count);
  rows->column(4).AppendInt(count % 2);
}

TEST(ArrowTranscriberTest, WritesEachTypeAsTheRecordWouldHaveIt) {
  const auto rows = Readings();
  Add("a \"quoted\" one", 1'623'781'706'250'000, 21.5, 3, rows.get());
  Add("b", 0, std::nan(""), -4, rows.get());
  rows->column(0).AppendNull();
  for (size_t i = 1; i < 5; ++i) rows->column(i).AppendNull();
  EXPECT_EQ(Transcribed(rows, {}),
            (std::vector<std::string>{
                R"({"device":"a \"quoted\" one","at":"2021-06-15T18:28:26.250Z",)"
                R"("temperature":21.5,"count":3,"on":true})",
                R"({"device":"b","at":"1970-01-01T00:00:00Z","temperature":null,"count":-4,)"
                R"("on":false})",
                R"({"device":null,"at":null,"temperature":null,"count":null,"on":null})"}));
}

TEST(ArrowTranscriberTest, TimesAreWrittenAsTheSchemaReadsThem) {
  const auto time = [](TimeFormat format, int64_t micros) {
    const auto rows = std::make_shared<ColumnBatch>();
    rows->AddColumn("at", ColumnType::kTimestamp);
    rows->column(0).AppendInt(micros);
    SchemaConfig schema;
    schema.time_field = "at";
    schema.time_format = format;
    return Transcribed(rows, schema).front();
  };
  constexpr int64_t kTime = 1'623'781'706'250'001;
  EXPECT_EQ(time(TimeFormat::kEpochS, kTime), R"({"at":1623781706.250001})");
  EXPECT_EQ(time(TimeFormat::kEpochS, 1'623'781'706'000'000), R"({"at":1623781706})");
  EXPECT_EQ(time(TimeFormat::kEpochMs, kTime), R"({"at":1623781706250.001})");
  EXPECT_EQ(time(TimeFormat::kEpochUs, kTime), R"({"at":1623781706250001})");
  EXPECT_EQ(time(TimeFormat::kEpochNs, kTime), R"({"at":1623781706250001000})");
  EXPECT_EQ(time(TimeFormat::kAuto, kTime), R"({"at":"2021-06-15T18:28:26.250001Z"})");
}

TEST(ArrowTranscriberTest, InfinityIsLeftToDecodingToReject) {
  const auto rows = Readings();
  Add("a", 0, std::numeric_limits<double>::infinity(), 1, rows.get());
  EXPECT_NE(Transcribed(rows, {}).front().find(R"("temperature":"inf")"), std::string::npos);
}

TEST(ArrowTranscriberTest, BeginsWhereItIsTold) {
  const auto rows = Readings();
  for (int i = 0; i < 5; ++i) Add("a", i, i, i, rows.get());
  EXPECT_EQ(Transcribed(rows, {}, 3).size(), 2U);
}

TEST(ArrowTranscriberTest, AColumnThatCannotBeReadIsNamed) {
  const auto rows = Readings();
  ArrowArray array;
  ArrowSchema columns;
  ColumnBatch::Export(rows, &array, &columns);
  columns.children[2]->format = "+l";
  const Status status = ArrowTranscriber::Make(columns, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("\"temperature\""), std::string::npos) << status.message();
  array.release(&array);
  columns.release(&columns);
}

}  // namespace
}  // namespace avocet
