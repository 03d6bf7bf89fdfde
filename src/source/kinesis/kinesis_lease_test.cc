#include "src/source/kinesis/kinesis_lease.h"

#include <gtest/gtest.h>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr char kShard[] = "shardId-000000000007";

KinesisLease Full() {
  KinesisLease lease;
  lease.shard = kShard;
  lease.parents = {"shardId-000000000001", "shardId-000000000002"};
  lease.first_hash = "0";
  lease.last_hash = "340282366920938463463374607431768211455";
  lease.owner = "edge-7:5f3c:kinesis";
  lease.counter = 12;
  lease.owner_switches = 1;
  lease.stream = "readings";
  lease.claim = LakeClaim{.released = true,
                          .source = "kinesis",
                          .lake = {"5f3c", "edge-7", "/data/\"lake\"", "c/raw/r", "/data/d"},
                          .from = R"({"records":3})"};
  lease.position = {.sequence = "4959", .records = 5};
  lease.start_ms = 1'700'000'000'000;
  return lease;
}

std::string Item(const KinesisLease& lease) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, value] : FixedAttributes(lease)) json.Key(name).Raw(value);
  for (const auto& [name, value] : ChangingAttributes(lease)) {
    if (!value.empty()) json.Key(name).Raw(value);
  }
  return json.EndObject().Take();
}

Result<LeasePage> ReadItems(const std::string& items) {
  return ReadLeasePage(R"({"Items":[)" + items + "]}");
}

TEST(KinesisLease, ReadsWhatItWrites) {
  KinesisLease bare;
  bare.shard = kShard;
  const auto page = ReadItems(Item(Full()) + "," + Item(bare));
  ASSERT_TRUE(page.ok()) << page.status().message();
  ASSERT_EQ(page->leases.size(), 2u);
  EXPECT_EQ(page->leases[0], Full());
  EXPECT_EQ(page->leases[0].position, Full().position);
  EXPECT_EQ(page->leases[0].claim->lake, Full().claim->lake);
  EXPECT_EQ(page->leases[1], bare);
  EXPECT_EQ(page->last_shard, "");
}

// The names and values that the Kinesis Client Library has.
TEST(KinesisLease, HasTheLayoutOfTheClientLibrary) {
  const std::string item = Item(Full());
  for (const char* part :
       {R"("leaseKey":{"S":"shardId-000000000007"})", R"("leaseOwner":{"S":"edge-7:5f3c:kinesis"})",
        R"("leaseCounter":{"N":"12"})", R"("ownerSwitchesSinceCheckpoint":{"N":"1"})",
        R"("checkpoint":{"S":"4959"})", R"("checkpointSubSequenceNumber":{"N":"0"})",
        R"("parentShardId":{"SS":["shardId-000000000001","shardId-000000000002"]})",
        R"("startingHashKey":{"S":"0"})"}) {
    EXPECT_NE(item.find(part), std::string::npos) << part << " in " << item;
  }
}

TEST(KinesisLease, CheckpointsAreThoseOfTheClientLibrary) {
  const auto has = [](const KinesisLease& lease, const std::string& checkpoint) {
    return Item(lease).find(R"("checkpoint":{"S":")" + checkpoint + "\"}") != std::string::npos;
  };
  KinesisLease lease = Full();
  lease.position = {};
  EXPECT_TRUE(has(lease, "AT_TIMESTAMP"));
  lease.start_ms = 0;
  EXPECT_TRUE(has(lease, "TRIM_HORIZON"));
  lease.position = {.sequence = "7", .records = 2, .done = true};
  EXPECT_TRUE(has(lease, "SHARD_END"));
  // What is inside a record others count in other ways: they keep the checkpoint they have.
  lease.position = {.sequence = "7", .delivered_inside = 2, .records = 2};
  EXPECT_EQ(Item(lease).find("checkpoint\""), std::string::npos);
}

TEST(KinesisLease, TakesOverWhatTheClientLibraryHasWritten) {
  const auto read = [](const std::string& checkpoint, int inside) {
    return ReadItems(R"({"leaseKey":{"S":"shardId-000000000007"},"leaseCounter":{"N":"3"},)"
                     R"("leaseOwner":{"S":"worker"},"checkpoint":{"S":")" +
                     checkpoint + R"("},"checkpointSubSequenceNumber":{"N":")" +
                     std::to_string(inside) + R"("},"throughputKBps":{"N":"0.5"}})")
        ->leases.at(0);
  };
  EXPECT_EQ(read("TRIM_HORIZON", 0).position, KinesisPosition());
  EXPECT_EQ(read("LATEST", 0).position, KinesisPosition());
  EXPECT_EQ(read("4959", 0).position, KinesisPosition({.sequence = "4959"}));
  EXPECT_EQ(read("4959", 2).position, KinesisPosition({.sequence = "4959", .delivered_inside = 3}));
  EXPECT_TRUE(read("SHARD_END", 0).position.done);
  EXPECT_EQ(read("4959", 0).owner, "worker");
  EXPECT_FALSE(read("4959", 0).claim.has_value());
  EXPECT_FALSE(read("4959", 0).start_ms.has_value());
}

TEST(KinesisLease, WhatMakesNoSenseIsAnError) {
  EXPECT_EQ(ReadLeasePage("<html>").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(ReadLeasePage("{}").status().code(), StatusCode::kUnavailable);
  for (const char* item :
       {"{}", R"({"leaseKey":{"S":"a"}})", R"({"leaseCounter":{"N":"1"}})",
        R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"1x"}})",
        R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"99999999999999999999"}})",
        R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"1"},"avocetPosition":{"S":"{\"rec"}})"}) {
    EXPECT_EQ(ReadItems(item).status().code(), StatusCode::kCorrupt) << item;
  }
}

TEST(KinesisLease, PagesSayWhereTheNextBegins) {
  const auto page = ReadLeasePage(
      R"({"Items":[],"Count":0,"LastEvaluatedKey":{"leaseKey":{"S":"shardId-000000000007"}}})");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->last_shard, kShard);
}

TEST(KinesisLease, PositionsComeOneAfterTheOther) {
  const KinesisPosition none, one{.sequence = "5", .records = 1};
  const KinesisPosition blank{.sequence = "6", .records = 1};
  const KinesisPosition end{.sequence = "6", .records = 1, .done = true};
  EXPECT_TRUE(IsBefore(none, one));
  EXPECT_FALSE(IsBefore(one, none));
  EXPECT_FALSE(IsBefore(one, blank));
  EXPECT_FALSE(IsBefore(blank, one));
  EXPECT_TRUE(IsBefore(one, end));
  EXPECT_FALSE(IsBefore(end, one));
}

}  // namespace
}  // namespace avocet
