#include "src/source/kafka/kafka_claim.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

const LakeAddress kSelf{"self-id", "host-1", "/data/a/lake", "c/raw/readings",
                        "/data/a/lake/_avocet"};
const LakeAddress kOther{"other-id", "host-2", "/data/\"b\"", "c/raw/readings", "/var/b"};

LakeClaim Claim(const LakeAddress& lake, bool released = false) {
  return {.released = released, .source = "kafka", .lake = lake};
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

TEST(KafkaClaim, WhatOthersReadBeforeTheClaimIsNotReadAgain) {
  // It had the partition once, up to 10; another read it to 20; killed before its first commit.
  EXPECT_EQ(NextKafkaOffset({.own = 10, .group = 20, .claim = Claim(kSelf), .from = 20}, kSelf),
            20);
  EXPECT_EQ(NextKafkaOffset({.own = 25, .group = 20, .claim = Claim(kSelf), .from = 20}, kSelf),
            25);
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
