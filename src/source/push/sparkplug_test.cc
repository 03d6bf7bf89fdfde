#include "src/source/push/sparkplug.h"

#include <gtest/gtest.h>

#include <bit>

namespace avocet {
namespace {

// Writes protobuf, independently of the reader.
class Proto {
 public:
  Proto& Varint(uint32_t field, uint64_t value) {
    Raw(field << 3U);
    Raw(value);
    return *this;
  }
  Proto& Fixed32(uint32_t field, uint32_t value) { return Fixed(field << 3U | 5U, value, 4); }
  Proto& Fixed64(uint32_t field, uint64_t value) { return Fixed(field << 3U | 1U, value, 8); }
  Proto& Bytes(uint32_t field, const std::string& bytes) {
    Raw(field << 3U | 2U);
    Raw(bytes.size());
    text_ += bytes;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  Proto& Fixed(uint64_t tag, uint64_t value, int bytes) {
    Raw(tag);
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> (8 * i) & 0xFFU);
    return *this;
  }
  void Raw(uint64_t value) {
    for (; value >= 0x80; value >>= 7U) text_ += static_cast<char>((value & 0x7FU) | 0x80U);
    text_ += static_cast<char>(value);
  }
  std::string text_;
};

Proto Named(const std::string& name) { return Proto().Bytes(1, name); }
Proto Alias(uint64_t alias) { return Proto().Varint(2, alias); }

std::string Payload(uint64_t timestamp, const std::vector<Proto>& metrics) {
  Proto payload;
  payload.Varint(1, timestamp);
  for (const Proto& metric : metrics) payload.Bytes(2, metric.text());
  return payload.Varint(3, 7).text();
}

SparkplugRecords Decode(SparkplugDecoder* decoder, std::string_view topic,
                        const std::string& payload) {
  const auto parsed = ParseSparkplugTopic(topic);
  EXPECT_TRUE(parsed.has_value()) << topic;
  auto records = decoder->Decode(*parsed, payload);
  EXPECT_TRUE(records.ok()) << records.status().message();
  return records.ok() ? *records : SparkplugRecords();
}

using Texts = std::vector<std::string>;

TEST(Sparkplug, TopicsSayWhoSpeaks) {
  using Type = SparkplugTopic::Type;
  const auto device = ParseSparkplugTopic("spBv1.0/plant/DDATA/line/pump");
  ASSERT_TRUE(device.has_value());
  EXPECT_EQ(device->type, Type::kDeviceData);
  EXPECT_EQ(device->DeviceId(), "plant/line/pump");
  EXPECT_EQ(device->NodeId(), "plant/line");
  EXPECT_EQ(ParseSparkplugTopic("spBv1.0/plant/NBIRTH/line")->DeviceId(), "plant/line");
  EXPECT_EQ(ParseSparkplugTopic("spBv1.0/STATE/host")->type, Type::kOther);
  EXPECT_EQ(ParseSparkplugTopic("spBv1.0/plant/NCMD/line")->type, Type::kOther);
  EXPECT_EQ(ParseSparkplugTopic("spBv1.0/plant/NDATA/line/pump")->type, Type::kOther);
  EXPECT_EQ(ParseSparkplugTopic("spBv1.0/plant/DDATA/line")->type, Type::kOther);
  EXPECT_FALSE(ParseSparkplugTopic("plant/line").has_value());
  EXPECT_FALSE(ParseSparkplugTopic("spBv1.0//NDATA/line").has_value());
  EXPECT_FALSE(ParseSparkplugTopic("spBv1.0/").has_value());
}

TEST(Sparkplug, EveryKindOfValue) {
  SparkplugDecoder decoder;
  const auto got = Decode(
      &decoder, "spBv1.0/p/DBIRTH/n/d",
      Payload(
          1700000000000,
          {Named("i8").Varint(4, 1).Varint(10, 0xFFFFFFFEU),
           Named("i16").Varint(4, 2).Varint(10, 0xFFFF8000U),
           Named("i32").Varint(4, 3).Varint(10, 0xFFFFFFFFU),
           Named("u32").Varint(4, 7).Varint(10, 0xFFFFFFFFU),
           Named("i64").Varint(4, 4).Varint(11, UINT64_MAX),
           Named("u64").Varint(4, 8).Varint(11, UINT64_MAX),
           Named("float").Varint(4, 9).Fixed32(12, std::bit_cast<uint32_t>(21.1F)),
           Named("double").Varint(4, 10).Fixed64(13, std::bit_cast<uint64_t>(-0.25)),
           Named("nan").Varint(4, 9).Fixed32(12, 0x7FC00000U),
           Named("on").Varint(4, 11).Varint(14, 1), Named("off").Varint(4, 11).Varint(14, 0),
           Named("text").Varint(4, 12).Bytes(15, "a\"b"), Named("null").Varint(4, 9).Varint(7, 1),
           Named("set").Varint(4, 16).Bytes(17, "x"), Named("bdSeq").Varint(4, 8).Varint(11, 3),
           Named("Node Control/Rebirth").Varint(4, 11).Varint(14, 0)}));
  EXPECT_EQ(got.records,
            Texts{R"({"device_id":"p/n/d","timestamp":1700000000000,"i8":-2,"i16":-32768,)"
                  R"("i32":-1,"u32":4294967295,"i64":-1,"u64":18446744073709551615,)"
                  R"("float":21.1,"double":-0.25,"nan":null,"on":true,"off":false,)"
                  R"("text":"a\"b"})"});
  EXPECT_EQ(got.skipped_metrics, 2U);
}

TEST(Sparkplug, AliasesOfBirthAreUnderstoodInData) {
  SparkplugDecoder decoder;
  Decode(&decoder, "spBv1.0/p/NBIRTH/n",
         Payload(1, {Named("load").Varint(2, 1).Varint(4, 1).Varint(10, 5)}));
  Decode(&decoder, "spBv1.0/p/DBIRTH/n/d",
         Payload(1, {Named("temp").Varint(2, 2).Varint(4, 10).Fixed64(13, 0),
                     Named("level").Varint(4, 2).Varint(10, 1)}));
  const auto got = Decode(&decoder, "spBv1.0/p/DDATA/n/d",
                          Payload(9, {Alias(2).Fixed64(13, std::bit_cast<uint64_t>(1.5)),
                                      Named("level").Varint(10, 0xFFFFFFFFU)}));
  EXPECT_EQ(got.records, Texts{R"({"device_id":"p/n/d","timestamp":9,"temp":1.5,"level":-1})"});
  EXPECT_FALSE(got.needs_birth);
  // The datatype of the birth, int8, makes the value negative.
  const auto node = Decode(&decoder, "spBv1.0/p/NDATA/n", Payload(9, {Alias(1).Varint(10, 255)}));
  EXPECT_EQ(node.records, Texts{R"({"device_id":"p/n","timestamp":9,"load":-1})"});
  EXPECT_EQ(decoder.num_metrics(), 3U);
}

TEST(Sparkplug, UnknownAliasAsksForABirth) {
  SparkplugDecoder decoder;
  const std::string data = Payload(9, {Alias(1).Varint(10, 5), Named("b").Varint(10, 6)});
  const auto before = Decode(&decoder, "spBv1.0/p/NDATA/n", data);
  EXPECT_TRUE(before.needs_birth);
  EXPECT_EQ(before.unknown_metrics, 1U);
  EXPECT_EQ(before.records, Texts{R"({"device_id":"p/n","timestamp":9,"b":6})"});
  const std::string birth = Payload(1, {Named("a").Varint(2, 1).Varint(4, 7).Varint(10, 5)});
  Decode(&decoder, "spBv1.0/p/NBIRTH/n", birth);
  EXPECT_FALSE(Decode(&decoder, "spBv1.0/p/NDATA/n", data).needs_birth);
  // Another node's aliases are its own, and death ends them.
  EXPECT_TRUE(Decode(&decoder, "spBv1.0/p/NDATA/m", data).needs_birth);
  Decode(&decoder, "spBv1.0/p/NDEATH/n", Payload(1, {}));
  EXPECT_TRUE(Decode(&decoder, "spBv1.0/p/NDATA/n", data).needs_birth);
  EXPECT_EQ(decoder.num_metrics(), 0U);
}

TEST(Sparkplug, OneRecordForEachTime) {
  SparkplugDecoder decoder;
  const auto got = Decode(
      &decoder, "spBv1.0/p/NDATA/n",
      Payload(9, {Named("a").Varint(3, 1).Varint(10, 1), Named("b").Varint(3, 1).Varint(10, 2),
                  Named("a").Varint(3, 2).Varint(10, 3), Named("a").Varint(10, 4),
                  Named("a").Varint(10, 5)}));
  EXPECT_EQ(got.records, (Texts{R"({"device_id":"p/n","timestamp":1,"a":1,"b":2})",
                                R"({"device_id":"p/n","timestamp":2,"a":3})",
                                R"({"device_id":"p/n","timestamp":9,"a":4})",
                                R"({"device_id":"p/n","timestamp":9,"a":5})"}));
}

TEST(Sparkplug, DamageIsRefused) {
  SparkplugDecoder decoder;
  const auto topic = *ParseSparkplugTopic("spBv1.0/p/NBIRTH/n");
  const std::string whole = Payload(1, {Named("a").Varint(2, 1).Varint(10, 5)});
  for (const std::string& payload :
       {std::string("{\"a\":1}"), whole.substr(0, whole.size() - 3), Proto().Bytes(1, "x").text(),
        Proto().Varint(2, 1).text(), Proto().Bytes(2, Proto().Bytes(10, "x").text()).text()}) {
    EXPECT_EQ(decoder.Decode(topic, payload).status().code(), StatusCode::kInvalid);
  }
  EXPECT_EQ(decoder.num_metrics(), 0U);
}

}  // namespace
}  // namespace avocet
