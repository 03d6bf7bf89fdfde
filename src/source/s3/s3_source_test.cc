#include "src/source/s3/s3_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "src/source/s3/object_fetcher.h"
#include "src/source/s3/object_testing.h"
#include "src/source/source_testing.h"

namespace avocet {
namespace {

using Strings = std::vector<std::string>;

S3SourceConfig FastConfig() {
  S3SourceConfig config;
  config.url = "s3://bucket/in/";
  config.poll_interval = std::chrono::milliseconds(10);
  return config;
}

std::unique_ptr<Source> Open(FakeBucket* bucket, bool once, const Positions& committed = {},
                             const S3SourceConfig& config = FastConfig()) {
  auto source = MakeS3Source(config, "s3", once, Env::Posix(), bucket->Open());
  EXPECT_TRUE(source->Open(committed).ok());
  return source;
}

std::string Joined(const Strings& texts, const std::string& between) {
  std::string joined;
  for (const std::string& text : texts) joined += text + between;
  return joined;
}

TEST(S3Source, ReadsWhatFirehoseWrites) {
  FakeBucket bucket;
  bucket.Put("in/2026/01/31/12/readings-1", Joined(Numbers(1, 50), ""));
  bucket.Put("in/2026/01/31/12/readings-2", Joined(Numbers(51, 60), "\n"));
  bucket.Put("in/2026/01/31/12/readings-3.gz", Gzip(Joined(Numbers(61, 99), "")));
  bucket.Put("in/2026/01/31/12/readings-4", "");
  bucket.Put("in/2026/01/31/13/readings-5", "{\"n\":100}");
  const Delivered delivered = Read(Open(&bucket, true).get());
  EXPECT_EQ(delivered.records, Numbers(1, 100));
  EXPECT_EQ(delivered.partitions.front(), "bucket/in/2026/01/31/12/readings-1");
  EXPECT_EQ(delivered.offsets[1], 7);
}

TEST(S3Source, PagesAndPiecesComeInOrder) {
  FakeBucket bucket;
  bucket.page_objects = 3;
  int n = 0;
  Strings all;
  for (int i = 0; i < 20; ++i) {
    const Strings some = Numbers(n, n + 99);
    n += 100;
    bucket.Put("in/" + std::to_string(100 + i), Joined(some, "\n"));
    all.insert(all.end(), some.begin(), some.end());
  }
  // Larger than a piece.
  std::string large;
  while (large.size() < 2 * ObjectFetcher::kPieceBytes + 1000) {
    all.push_back("{\"n\":" + std::to_string(n++) + ",\"p\":\"" + std::string(900, 'x') + "\"}");
    large += all.back() + "\n";
  }
  bucket.Put("in/200", large);
  EXPECT_EQ(Read(Open(&bucket, true).get()).records, all);
}

TEST(S3Source, GoesOnInTheMiddleOfAnObject) {
  FakeBucket bucket;
  bucket.Put("in/a", Joined(Numbers(1, 10), ""));
  bucket.Put("in/b.gz", Gzip(Joined(Numbers(11, 20), "\n")));
  bucket.Put("in/c.csv", "n\n1\n2\n3\n");
  Strings want = Numbers(1, 20);
  want.insert(want.end(), {"1", "2", "3"});
  for (size_t first = 0; first <= want.size(); ++first) {
    Positions positions;
    Strings all;
    {
      const auto source = Open(&bucket, true);
      if (first > 0) all = Read(source.get(), first).records;
      ASSERT_EQ(all.size(), first);
      source->TakeChangedPositions(&positions);
    }
    const Delivered rest = Read(Open(&bucket, true, positions).get());
    all.insert(all.end(), rest.records.begin(), rest.records.end());
    EXPECT_EQ(all, want) << first;
  }
}

TEST(S3Source, ObjectsThatAppearAreRead) {
  FakeBucket bucket;
  bucket.Put("in/b", Joined(Numbers(1, 2), "\n"));
  const auto source = Open(&bucket, false);
  EXPECT_EQ(Read(source.get(), 2).records, Numbers(1, 2));
  bucket.Put("in/a", Joined(Numbers(3, 4), "\n"));
  EXPECT_EQ(Read(source.get(), 2).records, Numbers(3, 4));
  bucket.Put("in/c", Joined(Numbers(5, 5), "\n"));
  EXPECT_EQ(Read(source.get(), 1).records, Numbers(5, 5));
}

TEST(S3Source, TroubleIsTriedAgain) {
  FakeBucket bucket;
  bucket.Put("in/a", Joined(Numbers(1, 5), "\n"));
  bucket.FailLists({Status::Unavailable("SlowDown: less"), Status::NotFound("NoSuchBucket")});
  bucket.FailReads({Status::Unavailable("HTTP 500"), Status::Permission("AccessDenied")});
  const auto source = Open(&bucket, false);
  const Delivered delivered = Read(source.get(), 5);
  EXPECT_EQ(delivered.records, Numbers(1, 5));
  EXPECT_EQ(delivered.error.code(), StatusCode::kUnavailable);
}

TEST(S3Source, OnceFailsWithoutTheBucket) {
  FakeBucket bucket;
  bucket.FailLists({Status::NotFound("NoSuchBucket: no")});
  EXPECT_EQ(Read(Open(&bucket, true).get()).error.code(), StatusCode::kNotFound);
}

TEST(S3Source, AnObjectThatIsReplacedIsReadFromItsBeginning) {
  FakeBucket bucket;
  bucket.Put("in/a", Joined(Numbers(1, 5), "\n"));
  Positions positions;
  {
    const auto source = Open(&bucket, true);
    EXPECT_EQ(Read(source.get(), 2).records, Numbers(1, 2));
    source->TakeChangedPositions(&positions);
  }
  bucket.Put("in/a", Joined(Numbers(10, 12), "\n"));
  EXPECT_EQ(Read(Open(&bucket, true, positions).get()).records, Numbers(10, 12));
}

TEST(S3Source, ObjectsThatHaveGoneStopNobody) {
  FakeBucket bucket;
  bucket.Put("in/a", Joined(Numbers(1, 2), "\n"));
  bucket.Put("in/b", Joined(Numbers(3, 4), "\n"));
  bucket.FailReads({Status::NotFound("NoSuchKey: gone")});
  const auto source = Open(&bucket, true);
  const Delivered delivered = Read(source.get());
  EXPECT_EQ(delivered.records.size(), 2u);
  EXPECT_NE(source->Health().problem.find("was left after 0 bytes"), std::string::npos);
}

TEST(S3Source, DamagedCompressionIsQuarantined) {
  FakeBucket bucket;
  std::string damaged = Gzip(NumberedLines(1000));
  damaged.resize(damaged.size() / 2);
  bucket.Put("in/a.gz", damaged);
  bucket.Put("in/b", Joined(Numbers(1, 2), "\n"));
  const Delivered delivered = Read(Open(&bucket, true).get());
  ASSERT_EQ(delivered.rejects.size(), 1u);
  EXPECT_EQ(delivered.rejects[0].code, "damaged_compression");
  EXPECT_EQ(delivered.records.back(), "{\"n\":2}");
}

TEST(S3Source, EndLeavesOutWhatIsThere) {
  FakeBucket bucket;
  S3SourceConfig config = FastConfig();
  config.start = "end";
  bucket.Put("in/a", Joined(Numbers(1, 2), "\n"), 1);
  const auto source = Open(&bucket, false, {}, config);
  bucket.Put("in/b", Joined(Numbers(3, 4), "\n"), Env::Posix()->NowMicros() + 1'000'000);
  EXPECT_EQ(Read(source.get(), 2).records, Numbers(3, 4));
  Positions positions;
  source->AllPositions(&positions);
  EXPECT_TRUE(positions.contains("s3/"));
  EXPECT_TRUE(Read(Open(&bucket, true, positions, config).get()).records.empty());
}

TEST(S3Source, ANotificationBringsTheNextListingForward) {
  FakeBucket bucket;
  FakeQueue queue;
  S3SourceConfig config = FastConfig();
  config.poll_interval = std::chrono::hours(1);
  bucket.Put("in/a", Joined(Numbers(1, 3), "\n"));
  const auto source = MakeS3Source(config, "s3", false, Env::Posix(), bucket.Open(), queue.Open());
  ASSERT_TRUE(source->Open({}).ok());
  EXPECT_EQ(Read(source.get(), 3).records, Numbers(1, 3));
  queue.FailReceives({Status::Unavailable("throttled"), Status::Permission("AccessDenied")});
  for (int round = 1; round <= 3; ++round) {
    const int first = 3 * round + 1;
    bucket.Put("in/b" + std::to_string(round), Joined(Numbers(first, first + 2), "\n"));
    queue.Send("message " + std::to_string(round));
    EXPECT_EQ(Read(source.get(), 3).records, Numbers(first, first + 2));
  }
  while (queue.size() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(S3Source, SaysThatItsQueueCannotBeRead) {
  FakeBucket bucket;
  FakeQueue queue;
  queue.FailReceives(std::vector<Status>(100, Status::Permission("AccessDenied")));
  S3SourceConfig config = FastConfig();
  config.queue_url = "https://sqs.eu-west-1.amazonaws.com/1/q";
  bucket.Put("in/a", Joined(Numbers(1, 3), "\n"));
  const auto source = MakeS3Source(config, "s3", false, Env::Posix(), bucket.Open(), queue.Open());
  ASSERT_TRUE(source->Open({}).ok());
  EXPECT_EQ(Read(source.get(), 3).records, Numbers(1, 3));
  while (source->Health().problem.empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(source->Health().problem, "cannot read " + config.queue_url + ": AccessDenied");
}

TEST(S3Source, RefusesWhatIsNoQueue) {
  for (const char* url :
       {"", "readings", "https://", "https://sqs.eu-west-1.amazonaws.com", "ftp://a/b"}) {
    EXPECT_EQ(OpenSqsQueue(nullptr, url).status().code(), StatusCode::kInvalid) << url;
  }
}

}  // namespace
}  // namespace avocet
