#include <gtest/gtest.h>

#include <cmath>

#include "src/decode/decode_testing.h"

namespace avocet {
namespace {

std::string With(const std::string& fields) {
  return R"({"device_id":"d","timestamp":1623715200,)" + fields + "}";
}

SchemaConfig Evolving(const std::vector<std::string>& metrics) {
  SchemaConfig schema = SchemaOf(metrics);
  schema.evolve = true;
  return schema;
}

using Names = std::vector<std::string>;

TEST(DecoderEvolve, ReportsUnknownNumbersInOrderOfAppearance) {
  const auto expect = [](const std::vector<std::string>& records, const Names& want) {
    EXPECT_EQ(DecodeRecords(Evolving({"known"}), records).new_metrics, want) << records[0];
  };
  expect({With(R"("b":1,"Air Quality":2,"a":3)"), With(R"("c":4,"b":5)")},
         {"b", "air_quality", "a", "c"});
  expect({With(R"("known":1)")}, {});
  expect({With(R"("Known":1)")}, {});
  expect({With(R"("x":"5","y":true,"z":null,"o":{"n":1},"l":[1])")}, {});
  expect({With(R"("x":1e400)")}, {});
  expect({With(R"("date":1,"Late":2,"event_time":3,"Event Time":4)")}, {});
  expect({With("\"\xE6\xB8\xA9\":1,\"--\":2")}, {});
  expect({With(R"("A":1,"a":2)")}, {"a"});
  expect({With(R"("2nd":1)")}, {"_2nd"});
  // A record that is rejected creates nothing.
  expect({With(R"("x":1,"known":"abc")")}, {});
  expect({R"({"device_id":"d","x":1})"}, {});
}

TEST(DecoderEvolve, IsOffUnlessAsked) {
  EXPECT_TRUE(DecodeRecords(SchemaOf({}), {With(R"("x":1)")}).new_metrics.empty());
}

TEST(DecoderEvolve, DecodingAgainFillsTheNewMetrics) {
  const RawBatch raw = MakeRawBatch({With(R"("Air Quality":1)"), With(R"("air_quality":2,"b":3)")});
  const auto decoder = MakeDecoder(Evolving({}));
  ReadingBatch batch = DecodeAll(decoder.get(), raw);
  ASSERT_EQ(batch.new_metrics, (Names{"air_quality", "b"}));
  EXPECT_TRUE(batch.metrics.empty());
  decoder->SetMetrics(batch.new_metrics);
  batch = DecodeAll(decoder.get(), raw);
  EXPECT_TRUE(batch.new_metrics.empty());
  ASSERT_EQ(batch.rows, 2u);
  EXPECT_EQ(batch.metrics[0], (std::vector<double>{1, 2}));
  EXPECT_TRUE(std::isnan(batch.metrics[1][0]));
  EXPECT_EQ(batch.metrics[1][1], 3);
}

TEST(DecoderEvolve, ATypeChangeRejectsOnlyItsRecord) {
  const auto decoder = MakeDecoder(Evolving({}));
  decoder->SetMetrics(Names{"x"});
  const ReadingBatch batch = DecodeAll(
      decoder.get(), MakeRawBatch({With(R"("x":1)"), With(R"("x":"on")"), With(R"("x":2)")}));
  EXPECT_EQ(batch.metrics[0], (std::vector<double>{1, 2}));
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].code, "wrong_type");
}

TEST(DecoderEvolve, AMetricWithItsOwnFieldIsNotCreatedAgain) {
  SchemaConfig schema = Evolving({"temperature"});
  schema.metrics[0].field = "data.t";
  const ReadingBatch batch = DecodeRecords(schema, {With(R"("temperature":1,"data":{"t":2})")});
  EXPECT_TRUE(batch.new_metrics.empty());
  EXPECT_EQ(batch.metrics[0][0], 2);
}

TEST(DecoderEvolve, LongFormCreatesNamedMetrics) {
  SchemaConfig schema = Evolving({});
  schema.metric_field = "metric";
  schema.value_field = "value";
  const RawBatch raw = MakeRawBatch({With(R"("metric":"Air Quality","value":1,"other":7)"),
                                     With(R"("metric":"speed","value":null)")});
  const auto decoder = MakeDecoder(schema);
  ReadingBatch batch = DecodeAll(decoder.get(), raw);
  EXPECT_EQ(batch.rows, 2u);
  ASSERT_EQ(batch.new_metrics, Names{"air_quality"});
  decoder->SetMetrics(batch.new_metrics);
  batch = DecodeAll(decoder.get(), raw);
  EXPECT_TRUE(batch.new_metrics.empty());
  ASSERT_EQ(batch.rows, 2u);
  EXPECT_EQ(batch.metrics[0][0], 1);
}

TEST(DecoderEvolve, CsvFollowsTheSameRule) {
  const RawBatch raw = MakeCsvBatch({"device_id", "timestamp", "X", "note", "y"},
                                    {"5,1623715200,1.5,12a,", "5,1623715201,,7,\"8\""});
  const auto decoder = MakeDecoder(Evolving({}));
  EXPECT_EQ(DecodeAll(decoder.get(), raw).new_metrics, (Names{"x", "note", "y"}));
}

}  // namespace
}  // namespace avocet
