#include "src/source/kafka/kafka_claim.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

const LakeAddress kSelf{"self-id", "host-1", "/data/a/lake", "c/raw/readings",
                        "/data/a/lake/_avocet"};
const LakeAddress kOther{"other-id", "host-2", "/data/\"b\"", "c/raw/readings", "/var/b"};

KafkaClaim Claim(const LakeAddress& lake, bool released = false) {
  return {.released = released, .source = "kafka", .lake = lake};
}

TEST(KafkaClaim, ReadsWhatItWrites) {
  for (const bool released : {false, true}) {
    const auto read = ParseKafkaClaim(EncodeKafkaClaim(Claim(kOther, released)));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->released, released);
    EXPECT_EQ(read->source, "kafka");
    EXPECT_EQ(read->lake, kOther);
  }
}

TEST(KafkaClaim, MetadataOfOthersIsNone) {
  for (const char* text : {"", "NO_METADATA", "{}", R"({"avocet":"claimed"})",
                           R"({"avocet":"eaten","table":"t"})", R"({"avocet":"claimed","table")"}) {
    EXPECT_FALSE(ParseKafkaClaim(text).has_value()) << text;
  }
}

TEST(KafkaClaim, NothingKnown) { EXPECT_EQ(NextKafkaOffset({}, kSelf), -1); }

TEST(KafkaClaim, OwnLakeDecidesWhileNobodyElseHadThePartition) {
  // The broker's offset is a courtesy: it may lag, be ahead of a restored lake, or be gone.
  EXPECT_EQ(NextKafkaOffset({.own = 10, .group = 5, .claim = Claim(kSelf)}, kSelf), 10);
  EXPECT_EQ(NextKafkaOffset({.own = 10, .group = 15, .claim = Claim(kSelf)}, kSelf), 10);
  EXPECT_EQ(NextKafkaOffset({.own = 10, .group = 15, .claim = Claim(kSelf, true)}, kSelf), 10);
  EXPECT_EQ(NextKafkaOffset({.own = 10}, kSelf), 10);
  EXPECT_EQ(NextKafkaOffset({.own = 10, .group = 3}, kSelf), 10);
}

TEST(KafkaClaim, WithoutOwnRowsTheGroupDecides) {
  EXPECT_EQ(NextKafkaOffset({.group = 5}, kSelf), 5);
  EXPECT_EQ(NextKafkaOffset({.group = 5, .claim = Claim(kSelf)}, kSelf), 5);
}

TEST(KafkaClaim, AfterAnotherTheFurthestDecides) {
  EXPECT_EQ(NextKafkaOffset({.own = 3, .group = 8, .claim = Claim(kOther, true)}, kSelf), 8);
  EXPECT_EQ(NextKafkaOffset({.own = 3, .group = 8, .claim = Claim(kOther), .peer = 12}, kSelf), 12);
  // Killed before its first commit: what it claimed is where it would have begun.
  EXPECT_EQ(NextKafkaOffset({.group = 8, .claim = Claim(kOther)}, kSelf), 8);
}

}  // namespace
}  // namespace avocet
