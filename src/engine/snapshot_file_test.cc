#include "src/engine/snapshot_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/hash.h"
#include "src/env/sim_env.h"

namespace avocet {
namespace {

const std::string kDir = "/data/snapshots";
const std::string kFile = kDir + "/000000000007.snapshot";

SnapshotHeader Header() {
  return {.fingerprint = "f",
          .bronze_id = "b",
          .epoch = 7,
          .fleet_time_us = -3,
          .metrics = {"temperature", ""},
          .commit_info = "{}"};
}

const std::vector<std::string> kShards = {"", std::string(3'000'000, 'x'), std::string("a\0b", 3)};

std::unique_ptr<UnfinishedSnapshot> Write(Env* env, int64_t epoch) {
  auto created = UnfinishedSnapshot::Create(env, kDir, epoch);
  EXPECT_TRUE(created.ok()) << created.status().message();
  auto file = std::move(created).value();
  SnapshotWriter writer([&](std::string_view bytes) { return file->Append(bytes); });
  EXPECT_TRUE(writer.Begin(Header(), kShards.size()).ok());
  for (const std::string& shard : kShards) EXPECT_TRUE(writer.AddShard(shard).ok());
  EXPECT_TRUE(writer.End().ok());
  return file;
}

std::vector<std::string> NamesIn(Env* env) {
  std::vector<std::string> names;
  const auto entries = env->List(kDir);
  if (entries.ok()) {
    for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
  }
  return names;
}

TEST(SnapshotFileTest, GivesBackWhatWasWritten) {
  SimEnv env({.seed = 1});
  ASSERT_TRUE(Write(&env, 7)->Publish().ok());
  const auto read = OpenSnapshotFile(&env, kDir, 7);
  ASSERT_TRUE(read.ok()) << read.status().message();
  const SnapshotHeader& header = read->header();
  EXPECT_EQ(header.fingerprint, "f");
  EXPECT_EQ(header.bronze_id, "b");
  EXPECT_EQ(header.epoch, 7);
  EXPECT_EQ(header.fleet_time_us, -3);
  EXPECT_EQ(header.metrics, Header().metrics);
  EXPECT_EQ(header.commit_info, "{}");
  ASSERT_EQ(read->num_shards(), kShards.size());
  for (size_t i = kShards.size(); i-- > 0;) {
    const auto shard = read->ReadShard(i);
    ASSERT_TRUE(shard.ok());
    EXPECT_EQ(*shard, kShards[i]);
  }
}

TEST(SnapshotFileTest, IsNotThereBeforeItIsPublished) {
  SimEnv env({.seed = 1});
  auto snapshot = Write(&env, 7);
  EXPECT_TRUE(ListSnapshots(&env, kDir)->empty());
  snapshot.reset();  // its epoch was never committed
  EXPECT_TRUE(NamesIn(&env).empty());
}

TEST(SnapshotFileTest, SurvivesAPowerCutOncePublished) {
  size_t left = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimEnv env({.seed = seed});
    ASSERT_TRUE(Write(&env, 7)->Publish().ok());
    auto unfinished = Write(&env, 8);
    env.CrashAfterOps(0);
    unfinished.reset();
    env.Restart();
    left += NamesIn(&env).size() - 1;
    EXPECT_TRUE(OpenSnapshotFile(&env, kDir, 7).ok());
    ASSERT_TRUE(RemoveUnfinishedSnapshots(&env, kDir).ok());
    EXPECT_EQ(NamesIn(&env), std::vector<std::string>{"000000000007.snapshot"});
  }
  EXPECT_GT(left, 0);
}

TEST(SnapshotFileTest, TheTwoNewestAreKept) {
  SimEnv env({.seed = 1});
  for (const int64_t epoch : {7, 9, 8, 12}) ASSERT_TRUE(Write(&env, epoch)->Publish().ok());
  EXPECT_EQ(*ListSnapshots(&env, kDir), (std::vector<int64_t>{12, 9}));
}

TEST(SnapshotFileTest, DamageIsFoundWhereverItIs) {
  SimEnv env({.seed = 1});
  ASSERT_TRUE(Write(&env, 7)->Publish().ok());
  const uint64_t size = env.Stat(kFile)->size_bytes;
  for (const uint64_t at : {uint64_t{0}, uint64_t{8}, uint64_t{12}, uint64_t{30}, size / 2,
                            size - 16, size - 9, size - 1}) {
    ASSERT_TRUE(env.CorruptByte(kFile, at).ok());
    EXPECT_EQ(OpenSnapshotFile(&env, kDir, 7).status().code(), StatusCode::kCorrupt) << at;
    ASSERT_TRUE(env.CorruptByte(kFile, at).ok());
  }
  EXPECT_TRUE(OpenSnapshotFile(&env, kDir, 7).ok());
  for (const uint64_t left :
       {size - 1, size - 16, size / 2, uint64_t{28}, uint64_t{12}, uint64_t{11}, uint64_t{0}}) {
    ASSERT_TRUE(env.TruncateFile(kFile, left).ok());
    const Status status = OpenSnapshotFile(&env, kDir, 7).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << left;
    EXPECT_TRUE(status.message().starts_with("cannot use snapshot " + kFile)) << status.message();
  }
}

TEST(SnapshotFileTest, NumbersThatDoNotFitAreFound) {
  constexpr size_t kBegin = 12, kEnd = 16, kNumber = 8;
  std::string whole;
  SnapshotWriter writer([&](std::string_view part) {
    whole.append(part);
    return Status::Ok();
  });
  ASSERT_TRUE(writer.Begin(Header(), 1).ok());
  ASSERT_TRUE(writer.AddShard("state").ok());
  ASSERT_TRUE(writer.End().ok());
  const size_t shard = whole.size() - kEnd - std::string_view("state").size() - kNumber;
  // The sizes of the header and of the shard and the number of shards, with a checksum that holds.
  for (const size_t number : {kBegin, shard, shard - kNumber}) {
    std::string bytes = whole;
    bytes[number + 6] = '\x7f';
    const uint64_t checksum =
        Checksum64(std::string_view(bytes).substr(kBegin, bytes.size() - kBegin - kEnd));
    std::memcpy(bytes.data() + bytes.size() - kNumber, &checksum, sizeof(checksum));
    const auto read = [&](uint64_t offset, std::span<std::byte> out) {
      EXPECT_LE(offset + out.size(), bytes.size());
      std::memcpy(out.data(), bytes.data() + offset, out.size());
      return Status::Ok();
    };
    const Status status = SnapshotReader::Open(read, bytes.size()).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << number;
    EXPECT_EQ(status.message(), "it ends too early");
  }
}

}  // namespace
}  // namespace avocet
