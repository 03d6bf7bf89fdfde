#include "src/source/kafka/kafka_batches.h"

#include <gtest/gtest.h>

#include <string>

namespace avocet {
namespace {

KafkaMessage Message(int32_t partition, int64_t offset, std::string_view payload) {
  KafkaMessage message;
  message.topic = "readings";
  message.partition = partition;
  message.offset = offset;
  message.payload = payload;
  return message;
}

TEST(KafkaBatches, OnePartitionEach) {
  KafkaBatches batches({}, "kafka");
  batches.Add(Message(0, 5, R"({"a":1})"));
  batches.Add(Message(0, 6, R"({"a":2})"));
  batches.Add(Message(1, 0, R"({"a":3})"));
  EXPECT_EQ(batches.records(), 3U);
  std::vector<RawBatch> out;
  batches.Take(&out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].source, "kafka");
  EXPECT_EQ(out[0].partition, "readings/0");
  ASSERT_EQ(out[0].records.size(), 2U);
  EXPECT_EQ(out[0].records[1].offset, 6);
  EXPECT_EQ(out[0].Bytes(out[0].records[1]), R"({"a":2})");
  EXPECT_EQ(out[1].partition, "readings/1");
  EXPECT_EQ(batches.records(), 0U);
}

TEST(KafkaBatches, FieldsComeFromBesideThePayload) {
  KafkaSourceConfig config;
  config.fields = {{"device_id", "key"}, {"site", "header.site"}, {"where", "topic"},
                   {"nr", "offset"},     {"at", "timestamp"},     {"part", "partition"}};
  ASSERT_TRUE(KafkaBatches::Check(config).ok());
  KafkaBatches batches(config, "kafka");
  KafkaMessage message = Message(0, 0, R"({"t":1})");
  message.key = "dev-1";
  message.headers = {{"site", "x"}, {"site", "hall 2"}};
  message.timestamp_ms = 1700000000000;
  batches.Add(message);
  batches.Add(Message(0, 1, "21.5"));
  batches.Add(Message(0, 2, ""));
  std::vector<RawBatch> out;
  batches.Take(&out);
  ASSERT_EQ(out.size(), 1U);
  ASSERT_EQ(out[0].records.size(), 2U);
  EXPECT_EQ(out[0].Bytes(out[0].records[0]),
            R"({"at":1700000000000,"device_id":"dev-1","nr":0,"part":0,"site":"hall 2",)"
            R"("where":"readings","t":1})");
  EXPECT_EQ(out[0].Bytes(out[0].records[1]),
            R"({"nr":1,"part":0,"where":"readings","value":21.5})");
  EXPECT_EQ(out[0].empty_records, 1U);
}

TEST(KafkaBatches, LongRecordIsRejectedWithItsPlace) {
  KafkaSourceConfig config;
  config.max_record_bytes = 8000;
  KafkaBatches batches(config, "kafka");
  batches.Add(Message(0, 7, std::string(9000, 'x')));
  std::vector<RawBatch> out;
  batches.Take(&out);
  ASSERT_EQ(out.size(), 1U);
  ASSERT_EQ(out[0].rejects.size(), 1U);
  EXPECT_EQ(out[0].rejects[0].code, "record_too_long");
  EXPECT_EQ(out[0].rejects[0].offset, 7);
}

TEST(KafkaBatches, UnknownFieldsAreConfigurationErrors) {
  for (const char* what : {"header.", "keys", ""}) {
    KafkaSourceConfig config;
    config.fields = {{"device_id", what}};
    EXPECT_EQ(KafkaBatches::Check(config).code(), StatusCode::kConfig) << what;
  }
}

}  // namespace
}  // namespace avocet
