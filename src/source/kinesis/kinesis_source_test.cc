#include "src/source/kinesis/kinesis_source.h"

#include <gtest/gtest.h>

#include "src/source/kinesis/kinesis_testing.h"
#include "src/source/source_testing.h"

namespace avocet {
namespace {

using Strings = std::vector<std::string>;

// Names as long as those of the service: short ones hide mistakes with memory.
constexpr char kA[] = "shardId-000000000000";
constexpr char kB[] = "shardId-000000000001";
constexpr char kC[] = "shardId-000000000002";
constexpr char kD[] = "shardId-000000000003";

KinesisSourceConfig FastConfig() {
  KinesisSourceConfig config;
  config.stream = "readings";
  config.poll_interval = std::chrono::milliseconds(1);
  config.list_interval = std::chrono::milliseconds(10);
  config.records_per_call = 3;
  return config;
}

std::unique_ptr<Source> Open(FakeKinesis* stream, bool once, const Positions& committed = {}) {
  auto source = MakeKinesisSource(FastConfig(), "kinesis", once, Env::Posix(), nullptr,
                                  {.stream = stream->Open(), .leases = nullptr});
  EXPECT_TRUE(source->Open(committed).ok());
  return source;
}

void PutNumbers(FakeKinesis* stream, const std::string& shard, int first, int last) {
  for (int i = first; i <= last; ++i) stream->Put(shard, "{\"n\":" + std::to_string(i) + "}");
}

TEST(KinesisSource, OnceReadsEveryShardToItsTip) {
  FakeKinesis stream;
  stream.AddShard(kA);
  stream.AddShard(kB);
  PutNumbers(&stream, kA, 1, 10);
  Delivered delivered = Read(Open(&stream, true).get());
  EXPECT_EQ(delivered.records, Numbers(1, 10));
  EXPECT_EQ(delivered.partitions.front(), std::string("readings/") + kA);
  EXPECT_EQ(delivered.offsets.back(), 9);
}

TEST(KinesisSource, ParentsAreDeliveredBeforeTheirChildren) {
  FakeKinesis stream;
  stream.AddShard(kA);
  PutNumbers(&stream, kA, 1, 20);
  stream.AddShard(kB, {kA});
  stream.AddShard(kC, {kA});
  PutNumbers(&stream, kB, 21, 30);
  stream.Close(kA);
  stream.Close(kB);
  stream.Close(kC);
  stream.AddShard(kD, {kB, kC});
  PutNumbers(&stream, kD, 31, 40);
  EXPECT_EQ(Read(Open(&stream, true).get()).records, Numbers(1, 40));
}

TEST(KinesisSource, ShardsThatAppearAreRead) {
  FakeKinesis stream;
  stream.AddShard(kA);
  PutNumbers(&stream, kA, 1, 5);
  const auto source = Open(&stream, false);
  EXPECT_EQ(Read(source.get(), 5).records, Numbers(1, 5));
  stream.AddShard(kB, {kA});
  PutNumbers(&stream, kB, 6, 9);
  stream.Close(kA);
  EXPECT_EQ(Read(source.get(), 4).records, Numbers(6, 9));
}

// Whatever the number of records after which the process is killed, the next one goes on there.
TEST(KinesisSource, GoesOnAfterAnyRecord) {
  FakeKinesis stream;
  stream.AddShard(kA);
  stream.AddShard(kB, {kA});
  PutNumbers(&stream, kA, 1, 4);
  stream.Put(kA, "{\"n\":5}\n{\"n\":6}\n{\"n\":7}");
  stream.Close(kA);
  PutNumbers(&stream, kB, 8, 12);
  stream.Close(kB);
  for (size_t first = 0; first <= 12; ++first) {
    Positions positions;
    Strings all;
    {
      const auto source = Open(&stream, true);
      if (first > 0) all = Read(source.get(), first).records;
      ASSERT_EQ(all.size(), first);
      source->TakeChangedPositions(&positions);
    }
    const Delivered rest = Read(Open(&stream, true, positions).get());
    for (const std::string& text : rest.records) all.push_back(text);
    EXPECT_EQ(all, Numbers(1, 12)) << first;
  }
}

TEST(KinesisSource, ThrottlingAndExpiredIteratorsLoseNothing) {
  FakeKinesis stream;
  stream.AddShard(kA);
  PutNumbers(&stream, kA, 1, 10);
  stream.FailReads({Status::Unavailable("ProvisionedThroughputExceededException"),
                    Status::Conflict("ExpiredIteratorException"), Status::Unavailable("HTTP 500"),
                    Status::Conflict("ExpiredIteratorException")});
  EXPECT_EQ(Read(Open(&stream, true).get()).records, Numbers(1, 10));
  EXPECT_GE(stream.begun().size(), 3u);
}

TEST(KinesisSource, WaitsForAStreamThatIsNotThere) {
  FakeKinesis stream;
  stream.AddShard(kA);
  PutNumbers(&stream, kA, 1, 3);
  const Status missing = Status::NotFound("ResourceNotFoundException: no stream");
  stream.FailLists({missing, missing});
  const auto source = Open(&stream, false);
  const Delivered delivered = Read(source.get(), 3);
  EXPECT_EQ(delivered.records, Numbers(1, 3));
  EXPECT_EQ(delivered.error.code(), StatusCode::kUnavailable);
  EXPECT_NE(delivered.error.message().find("ResourceNotFoundException"), std::string::npos);
}

TEST(KinesisSource, OnceFailsWithoutTheStream) {
  FakeKinesis stream;
  stream.FailLists({Status::NotFound("ResourceNotFoundException: no stream")});
  EXPECT_EQ(Read(Open(&stream, true).get()).error.code(), StatusCode::kNotFound);
}

TEST(KinesisSource, APositionThatDoesNotFitIsAnError) {
  FakeKinesis stream;
  stream.AddShard(kA);
  const Positions positions = {
      {std::string("kinesis/readings/") + kA, "{\"seq\":\"777\",\"records\":5}"}};
  const Delivered delivered = Read(Open(&stream, false, positions).get());
  EXPECT_EQ(delivered.error.code(), StatusCode::kConfig);
  EXPECT_NE(delivered.error.message().find("777"), std::string::npos);
}

TEST(KinesisSource, TellsOfAShardThatExpiredUnread) {
  FakeKinesis stream;
  stream.AddShard(kB, {kA});
  PutNumbers(&stream, kB, 1, 2);
  const Positions positions = {
      {std::string("kinesis/readings/") + kA, "{\"seq\":\"1\",\"records\":1}"}};
  const auto source = Open(&stream, false, positions);
  EXPECT_EQ(Read(source.get(), 2).records, Numbers(1, 2));
  EXPECT_NE(source->Health().problem.find(std::string("shard ") + kA + " has expired"),
            std::string::npos);
  Positions all;
  source->AllPositions(&all);
  EXPECT_FALSE(all.contains(std::string("kinesis/readings/") + kA));
}

TEST(KinesisSource, LatestKeepsTheInstantOfTheFirstStart) {
  FakeKinesis stream;
  stream.AddShard(kA);
  KinesisSourceConfig config = FastConfig();
  config.start = "latest";
  Positions first, second;
  for (Positions* out : {&first, &second}) {
    const auto source = MakeKinesisSource(config, "kinesis", false, Env::Posix(), nullptr,
                                          {.stream = stream.Open(), .leases = nullptr});
    ASSERT_TRUE(source->Open(first).ok());
    source->TakeChangedPositions(out);
  }
  EXPECT_TRUE(first.contains("kinesis/readings"));
  EXPECT_EQ(first, second);
}

TEST(KinesisSource, StartAfterMustNameShardAndNumber) {
  FakeKinesis stream;
  for (const char* entry : {"", kA, "a:", ":1", "a:x1"}) {
    KinesisSourceConfig config = FastConfig();
    config.start_after = {entry};
    const auto source = MakeKinesisSource(config, "kinesis", false, Env::Posix(), nullptr,
                                          {.stream = stream.Open(), .leases = nullptr});
    EXPECT_EQ(source->Open({}).code(), StatusCode::kConfig) << entry;
  }
}

}  // namespace
}  // namespace avocet
