#include "src/source/push/push_entry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace avocet {
namespace {

RawBatch MakeBatch(const std::vector<std::string>& records) {
  RawBatch batch;
  std::string all;
  for (const std::string& record : records) {
    batch.records.push_back(
        {static_cast<uint32_t>(all.size()), static_cast<uint32_t>(record.size()), 0});
    all += record;
  }
  auto bytes = SharedBytes::Allocate(all.size());
  std::memcpy(bytes->data.get(), all.data(), all.size());
  bytes->size = all.size();
  batch.bytes = bytes;
  return batch;
}

TEST(PushEntryTest, LabelsComeBack) {
  PushLabel label;
  label.received_us = 1'623'781'706'000'000;
  EXPECT_EQ(EncodePushLabel(label), "{\"received_us\":1623781706000000}");
  label.partition = "plant/1/\"x\"";
  label.format = RecordFormat::kCsv;
  label.csv_delimiter = ';';
  label.csv_header =
      std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a", "b,c", ""});
  label.key = "0123456789abcdef0123456789abcdef";
  label.body_hash = UINT64_MAX;
  label.accepted = 7;
  label.rejected = 2;
  const auto read = DecodePushLabel(EncodePushLabel(label));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->partition, label.partition);
  EXPECT_EQ(read->format, RecordFormat::kCsv);
  EXPECT_EQ(read->csv_delimiter, ';');
  EXPECT_EQ(*read->csv_header, *label.csv_header);
  EXPECT_EQ(read->key, label.key);
  EXPECT_EQ(read->body_hash, UINT64_MAX);
  EXPECT_EQ(read->accepted, 7u);
  EXPECT_EQ(read->rejected, 2u);
  EXPECT_EQ(read->received_us, label.received_us);
  EXPECT_EQ(DecodePushLabel("nonsense").status().code(), StatusCode::kCorrupt);
}

TEST(PushEntryTest, ChosenRecordsComeBack) {
  const RawBatch batch = MakeBatch({"first", "", "third"});
  const std::string payload = EncodePushPayload(batch, {true, false, true});
  const auto read = DecodePushPayload({}, payload, 40, 2);
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->records.size(), 2u);
  EXPECT_EQ(read->Bytes(read->records[0]), "first");
  EXPECT_EQ(read->Bytes(read->records[1]), "third");
  EXPECT_EQ(read->records[1].offset, 41);
}

TEST(PushEntryTest, PayloadsThatDoNotAddUpAreCorrupt) {
  const std::string payload = EncodePushPayload(MakeBatch({"abc", "de"}), {true, true});
  const auto code = [](std::string_view bytes, uint32_t num_records) {
    return DecodePushPayload({}, bytes, 0, num_records).status().code();
  };
  EXPECT_EQ(code(payload, 2), StatusCode::kOk);
  EXPECT_EQ(code(payload, 1), StatusCode::kCorrupt);
  EXPECT_EQ(code(payload, 3), StatusCode::kCorrupt);
  EXPECT_EQ(code(payload, 4'000'000'000U), StatusCode::kCorrupt);
  EXPECT_EQ(code(payload.substr(0, payload.size() - 1), 2), StatusCode::kCorrupt);
  EXPECT_EQ(code(payload + "x", 2), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace avocet
