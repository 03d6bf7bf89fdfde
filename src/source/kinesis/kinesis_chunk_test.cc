#include "src/source/kinesis/kinesis_chunk.h"

#include <gtest/gtest.h>

#include "src/source/source_testing.h"

namespace avocet {
namespace {

KinesisRecords Answer(const std::vector<std::string>& payloads, int first_sequence = 100) {
  KinesisRecords answer;
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(size_t{1} << 22);
  for (const std::string& payload : payloads) {
    const size_t begin = bytes->size();
    *bytes += payload;
    answer.records.push_back(
        {std::to_string(first_sequence++), std::string_view(*bytes).substr(begin)});
  }
  answer.bytes = bytes;
  return answer;
}

std::vector<std::string> Texts(const RawBatch& batch) {
  std::vector<std::string> texts;
  for (const RawRecord& record : batch.records) texts.emplace_back(batch.Bytes(record));
  return texts;
}

std::vector<std::string> AllTexts(const std::vector<std::string>& payloads) {
  KinesisChunk chunk = KinesisChunk::Unpack(Answer(payloads), {}, {});
  RawBatch batch;
  chunk.Take({}, &batch);
  EXPECT_TRUE(chunk.drained());
  return Texts(batch);
}

using Strings = std::vector<std::string>;

TEST(KinesisChunk, APayloadIsOneOrManyRecords) {
  EXPECT_EQ(AllTexts({}), Strings({}));
  EXPECT_EQ(AllTexts({"{\"n\":1}", "", "{\"n\":2}"}), Strings({"{\"n\":1}", "{\"n\":2}"}));
  EXPECT_EQ(AllTexts({"{\"n\":1}\n{\"n\":2}\n"}), Strings({"{\"n\":1}", "{\"n\":2}"}));
  EXPECT_EQ(AllTexts({"{\"n\":1}{\"n\":2}"}), Strings({"{\"n\":1}", "{\"n\":2}"}));
  EXPECT_EQ(AllTexts({"[{\"n\":1},{\"n\":2}]"}), Strings({"{\"n\":1}", "{\"n\":2}"}));
  EXPECT_EQ(AllTexts({Gzip("{\"n\":1}\n{\"n\":2}")}), Strings({"{\"n\":1}", "{\"n\":2}"}));
  EXPECT_EQ(AllTexts({Zstd("{\"n\":1}")}), Strings({"{\"n\":1}"}));
  // Never CSV: there is no header.
  EXPECT_EQ(AllTexts({"a,b\n1,2\n"}), Strings({"a,b", "1,2"}));
}

TEST(KinesisChunk, PositionsPointBetweenAnyTwoRecords) {
  const auto answer = Answer({"{\"n\":0}", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}", "", "{\"n\":4}", ""});
  for (size_t first = 0; first <= 5; ++first) {
    KinesisChunk chunk = KinesisChunk::Unpack(answer, {}, {});
    RawBatch begin, rest;
    if (first > 0) chunk.Take({.max_records = first}, &begin);
    ASSERT_EQ(begin.records.size(), first);
    const KinesisPosition position = chunk.position();
    EXPECT_EQ(position.records, first);
    // What a reader gets that goes on from there.
    KinesisRecords again = answer;
    const KinesisStart start = StartAfter(position, {});
    std::erase_if(again.records, [&](const KinesisRecord& record) {
      return start.at == KinesisStart::At::kSequence ? record.sequence < start.sequence
                                                     : record.sequence <= start.sequence;
    });
    KinesisChunk resumed = KinesisChunk::Unpack(again, position, {});
    resumed.Take({}, &rest);
    Strings all = Texts(begin);
    for (const std::string& text : Texts(rest)) all.push_back(text);
    EXPECT_EQ(all, Strings({"{\"n\":0}", "{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}"}));
    for (size_t i = 0; i < rest.records.size(); ++i) {
      EXPECT_EQ(rest.records[i].offset, static_cast<int64_t>(first + i));
    }
    EXPECT_EQ(resumed.position().sequence, "104");
    EXPECT_EQ(resumed.position().records, 5u);
    EXPECT_EQ(resumed.position().delivered_inside, 0u);
  }
}

TEST(KinesisChunk, DamageIsRejectedInItsPlace) {
  std::string damaged = Gzip("{\"n\":1}");
  damaged.resize(damaged.size() - 6);
  const std::string too_long = "{\"n\":\"" + std::string(200, 'x') + "\"}";
  KinesisChunk chunk = KinesisChunk::Unpack(
      Answer({"{\"n\":0}", damaged, too_long + "\n{\"n\":2}"}), {}, {.max_record_bytes = 100});
  RawBatch batch;
  chunk.Take({}, &batch);
  EXPECT_EQ(Texts(batch), Strings({"{\"n\":0}", "{\"n\":2}"}));
  EXPECT_EQ(batch.records[1].offset, 3);
  ASSERT_EQ(batch.rejects.size(), 2u);
  EXPECT_EQ(batch.rejects[0].code, "damaged_compression");
  EXPECT_EQ(batch.rejects[0].offset, 1);
  EXPECT_EQ(batch.rejects[1].code, "record_too_long");
  EXPECT_EQ(batch.rejects[1].offset, 2);
}

TEST(KinesisChunk, APartlyDeliveredRecordThatHasExpiredSkipsNothing) {
  KinesisPosition position{"99", 2, 7, false};
  KinesisChunk chunk =
      KinesisChunk::Unpack(Answer({"{\"n\":1}\n{\"n\":2}\n{\"n\":3}"}), position, {});
  RawBatch batch;
  chunk.Take({}, &batch);
  EXPECT_EQ(batch.records.size(), 3u);
  EXPECT_EQ(batch.records[0].offset, 7);
}

TEST(KinesisPosition, TextReadsBack) {
  const KinesisPosition full{"49590338271490256608559692538361571095921575989136588898", 3, 12,
                             true};
  EXPECT_EQ(EncodeKinesisPosition(full),
            "{\"seq\":\"49590338271490256608559692538361571095921575989136588898\",\"inside\":3,"
            "\"records\":12,\"done\":true}");
  for (const KinesisPosition& position : {KinesisPosition{}, full}) {
    const auto back = DecodeKinesisPosition(EncodeKinesisPosition(position));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, position);
  }
  EXPECT_FALSE(DecodeKinesisPosition("49590").ok());
}

}  // namespace
}  // namespace avocet
