#include "src/source/file/file_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "src/source/source_testing.h"

namespace avocet {
namespace {

using Records = std::vector<std::string>;

std::unique_ptr<Source> MakeOnce(const std::vector<std::string>& paths,
                                 size_t max_record_bytes = size_t{1} << 20) {
  FileSourceConfig config;
  config.paths = paths;
  config.max_record_bytes = max_record_bytes;
  return MakeFileSource(config, "file", true, Env::Posix());
}

Delivered ReadOnce(const std::vector<std::string>& paths, const PollLimits& limits = {},
                   size_t max_record_bytes = size_t{1} << 20) {
  auto source = MakeOnce(paths, max_record_bytes);
  Delivered delivered;
  delivered.error = source->Open({});
  if (!delivered.error.ok()) return delivered;
  delivered = Drain(source.get(), limits);
  EXPECT_EQ(source->Health().lag_bytes, 0U);
  return delivered;
}

// Stops after every number of records, starts again from the position, and expects the rest.
void ExpectResumable(const std::vector<std::string>& paths) {
  const Delivered all = ReadOnce(paths);
  ASSERT_TRUE(all.error.ok()) << all.error.message();
  for (size_t stop = 0; stop <= all.records.size(); ++stop) {
    auto first = MakeOnce(paths);
    ASSERT_TRUE(first->Open({}).ok());
    Delivered before;
    while (before.records.size() < stop) {
      std::vector<RawBatch> batches;
      PollLimits limits;
      limits.max_records = std::min<size_t>(2, stop - before.records.size());
      ASSERT_TRUE(first->Poll(limits, &batches).ok());
      before.Take(batches);
    }
    Positions positions;
    first->AllPositions(&positions);
    auto second = MakeOnce(paths);
    ASSERT_TRUE(second->Open(positions).ok());
    const Delivered after = Drain(second.get());
    ASSERT_EQ(before.records.size() + after.records.size(), all.records.size());
    before.records.insert(before.records.end(), after.records.begin(), after.records.end());
    before.offsets.insert(before.offsets.end(), after.offsets.begin(), after.offsets.end());
    EXPECT_EQ(before.records, all.records);
    EXPECT_EQ(before.offsets, all.offsets);
    if (!after.records.empty()) {
      EXPECT_EQ(after.header, all.header);
    }
  }
}

class FileSourceTest : public ::testing::Test {
 protected:
  TestDirectory directory_;
};

TEST_F(FileSourceTest, FilesAreReadInNaturalOrder) {
  directory_.Write("part-10.ndjson", "{\"n\":3}\n");
  directory_.Write("part-9.ndjson", "{\"n\":1}\n\n{\"n\":2}");
  const Delivered got = ReadOnce({directory_ / "part-*"});
  EXPECT_EQ(got.records, (Records{"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"}));
  EXPECT_EQ(got.offsets, (std::vector<int64_t>{0, 9, 0}));
  EXPECT_EQ(got.partitions[1], directory_ / "part-9.ndjson");
  EXPECT_EQ(got.empty_records, 1U);
  EXPECT_EQ(got.bytes_read, 24U);
  EXPECT_EQ(got.state, PollState::kEnd);
}

TEST_F(FileSourceTest, MissingInputIsAnError) {
  for (const char* path : {"missing.json", "*.json"}) {
    const Delivered got = ReadOnce({directory_ / path});
    EXPECT_EQ(got.error.code(), StatusCode::kNotFound);
    EXPECT_TRUE(got.error.message().starts_with("cannot open ")) << got.error.message();
  }
  FileSourceConfig config;
  config.paths = {directory_ / "missing"};
  config.format = "xml";
  auto source = MakeFileSource(config, "file", false, Env::Posix());
  EXPECT_EQ(source->Open({}).code(), StatusCode::kConfig);
}

TEST_F(FileSourceTest, UnreadablePositionIsAnError) {
  directory_.Write("a", "1\n");
  EXPECT_EQ(MakeOnce({directory_ / "a"})->Open({{"file/dev:1,ino:2", "{"}}).code(),
            StatusCode::kCorrupt);
}

TEST_F(FileSourceTest, ResumesAtEveryRecord) {
  directory_.Write("1.ndjson", "\xEF\xBB\xBF{\"a\":1}\r\n\n{\"a\":2}\n{\"a\":3}");
  directory_.Write("2.json", "[{\"a\":\"]\"},\n 7 , {\"b\":[{}]}\n] [4]\n");
  directory_.Write("3.csv", "time;\"v\n1\"\n1;2\n\"3\n\";4\n5;6");
  directory_.Write("4.json.gz", Gzip("{\"z\":1}\n{\"z\":2}\n") + Gzip("{\"z\":3}\n"));
  directory_.Write("5.csv.zst", Zstd("a,b\n1,2\n3") + Zstd(",4\n5,6\n"));
  ExpectResumable({directory_.path()});
}

TEST_F(FileSourceTest, BlocksAndRecordsOfAllSizes) {
  std::string bytes = NumberedLines(3000, 1000);
  bytes += "{\"long\":\"" + std::string(3'000'000, 'y') + "\"}\n" + NumberedLines(100, 5000);
  directory_.Write("a.ndjson", bytes);
  directory_.Write("b.ndjson.zst", Zstd(bytes));
  directory_.Write("c.ndjson.gz", Gzip(bytes));
  for (const char* name : {"a.ndjson", "b.ndjson.zst", "c.ndjson.gz"}) {
    PollLimits limits;
    limits.max_records = 777;
    const Delivered got = ReadOnce({directory_ / name}, limits, size_t{4} << 20);
    std::string joined;
    for (const std::string& record : got.records) joined += record + "\n";
    EXPECT_TRUE(joined == bytes) << name;
    EXPECT_EQ(got.records.size(), 3101U);
  }
}

TEST_F(FileSourceTest, TenMegabyteLineIsRejectedInLittleMemory) {
  directory_.Write("a.ndjson", "{}\n" + std::string(10'000'000, 'x') + "\n{\"a\":1}\n");
  const Delivered got = ReadOnce({directory_ / "a.ndjson"});
  EXPECT_EQ(got.records, (Records{"{}", "{\"a\":1}"}));
  ASSERT_EQ(got.rejects.size(), 1U);
  EXPECT_EQ(got.rejects[0].code, "record_too_long");
  EXPECT_EQ(got.rejects[0].offset, 3);
  EXPECT_EQ(got.rejects[0].bytes, std::string(4096, 'x'));
  EXPECT_EQ(got.offsets[1], 10'000'004);
}

TEST_F(FileSourceTest, PollLimitsAreKept) {
  directory_.Write("a.ndjson", NumberedLines(1000, 100));
  auto source = MakeOnce({directory_ / "a.ndjson"});
  ASSERT_TRUE(source->Open({}).ok());
  std::vector<RawBatch> batches;
  PollLimits limits;
  limits.max_records = 10;
  ASSERT_EQ(*source->Poll(limits, &batches), PollState::kMore);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].records.size(), 10U);
  batches.clear();
  limits = {};
  limits.max_bytes = 1000;
  ASSERT_EQ(*source->Poll(limits, &batches), PollState::kMore);
  EXPECT_GE(batches[0].records.size(), 9U);
  EXPECT_LE(batches[0].records.size(), 12U);
}

TEST_F(FileSourceTest, CompressionIsFoundByContentNotByName) {
  directory_.Write("plain.ndjson.gz", "{\"a\":1}\n");
  directory_.Write("packed.ndjson", Gzip("{\"a\":2}\n") + std::string(512, '\0'));
  directory_.Write("tiny", "\x1f");
  EXPECT_EQ(ReadOnce({directory_ / "plain.ndjson.gz"}).records, Records{"{\"a\":1}"});
  const Delivered packed = ReadOnce({directory_ / "packed.ndjson"});
  EXPECT_EQ(packed.records, Records{"{\"a\":2}"});
  EXPECT_TRUE(packed.rejects.empty());
  EXPECT_EQ(ReadOnce({directory_ / "tiny"}).records, Records{"\x1f"});
}

TEST_F(FileSourceTest, DamagedCompressionDeliversWhatIsBeforeIt) {
  std::string numbers;
  for (int i = 0; i < 200'000; ++i) {
    numbers += "{\"n\":" + std::to_string(i * 7919LL % 1'000'003) + "}\n";
  }
  for (const std::string& packed : {Gzip(numbers), Zstd(numbers)}) {
    std::string flipped = packed;
    for (size_t i = 0; i < 64; ++i) flipped[flipped.size() / 2 + i] ^= 0x5a;
    for (const std::string& damaged :
         {flipped, packed.substr(0, packed.size() / 2), packed + "garbage"}) {
      directory_.Write("a.ndjson", damaged);
      auto source = MakeOnce({directory_ / "a.ndjson"});
      ASSERT_TRUE(source->Open({}).ok());
      const Delivered got = Drain(source.get());
      EXPECT_EQ(got.state, PollState::kEnd);
      EXPECT_GT(got.records.size(), 50'000U);
      ASSERT_EQ(got.rejects.size(), 1U);
      EXPECT_EQ(got.rejects[0].code, "damaged_compression");
      EXPECT_GT(got.rejects[0].offset, 500'000);
      Positions positions;
      source->AllPositions(&positions);
      auto again = MakeOnce({directory_ / "a.ndjson"});
      ASSERT_TRUE(again->Open(positions).ok());
      const Delivered nothing = Drain(again.get());
      EXPECT_TRUE(nothing.records.empty() && nothing.rejects.empty());
    }
  }
}

TEST_F(FileSourceTest, FinishedFileIsReadOnFromItsEndWhenItGrew) {
  directory_.Write("a.csv", "t,v\n1,2\n");
  Positions positions;
  {
    auto source = MakeOnce({directory_ / "a.csv"});
    ASSERT_TRUE(source->Open({}).ok());
    EXPECT_EQ(Drain(source.get()).records, Records{"1,2"});
    source->TakeChangedPositions(&positions);
    ASSERT_EQ(positions.size(), 1U);
    EXPECT_NE(positions.begin()->second.find("\"done\":true"), std::string::npos);
    Positions again;
    source->TakeChangedPositions(&again);
    EXPECT_TRUE(again.empty());
  }
  directory_.Append("a.csv", "3,4\n");
  auto source = MakeOnce({directory_ / "a.csv"});
  ASSERT_TRUE(source->Open(positions).ok());
  const Delivered got = Drain(source.get());
  EXPECT_EQ(got.records, Records{"3,4"});
  EXPECT_EQ(got.header, (Records{"t", "v"}));
}

TEST_F(FileSourceTest, RenamedAndRestoredFilesAreKnownReusedInodesAreNot) {
  directory_.Write("a", "{\"n\":1}\n");
  directory_.Write("b", "{\"n\":2}\n");
  auto source = MakeOnce({directory_.path()});
  ASSERT_TRUE(source->Open({}).ok());
  Drain(source.get());
  Positions positions;
  source->AllPositions(&positions);
  EXPECT_EQ(positions.size(), 2U);
  // a: other content in the same inode. b: renamed, with a copy of itself in its place.
  directory_.Rename("b", "c");
  directory_.Write("b", "{\"n\":2}\n{\"n\":3}\n");
  directory_.Write("a", "{\"n\":4}\n");
  auto again = MakeOnce({directory_.path()});
  ASSERT_TRUE(again->Open(positions).ok());
  EXPECT_EQ(Drain(again.get()).records, (Records{"{\"n\":4}", "{\"n\":2}", "{\"n\":3}"}));

  // The same files under other inodes, as from a backup.
  Positions now;
  again->AllPositions(&now);
  std::filesystem::copy(directory_.path(), directory_.path() + ".copy");
  std::filesystem::remove_all(directory_.path());
  std::filesystem::rename(directory_.path() + ".copy", directory_.path());
  directory_.Append("c", "{\"n\":5}\n");
  auto restored = MakeOnce({directory_.path()});
  ASSERT_TRUE(restored->Open(now).ok());
  EXPECT_EQ(Drain(restored.get()).records, Records{"{\"n\":5}"});
}

TEST_F(FileSourceTest, ThreeBytesPerReadGiveTheSameRecords) {
  const std::string csv = "\xEF\xBB\xBFt,v\r\n1,\"a\r\nb\"\r\n2,c";
  directory_.Write("a.csv", csv);
  directory_.Write("b.csv.gz", Gzip(csv));
  directory_.Write("c.json.zst", Zstd("[{\"a\":1},\n{\"b\":[]}]"));
  TestEnv env;
  env.most_bytes_per_read = 3;
  FileSourceConfig config;
  config.paths = {directory_.path()};
  auto source = MakeFileSource(config, "file", true, &env);
  ASSERT_TRUE(source->Open({}).ok());
  const Delivered got = Drain(source.get());
  EXPECT_EQ(got.records,
            (Records{"1,\"a\r\nb\"", "2,c", "1,\"a\r\nb\"", "2,c", "{\"a\":1}", "{\"b\":[]}"}));
  EXPECT_EQ(got.records, ReadOnce({directory_.path()}).records);
}

TEST_F(FileSourceTest, UnreadableFileIsAnErrorOnce) {
  directory_.Write("a", "{}\n");
  TestEnv env;
  env.unreadable = directory_ / "a";
  FileSourceConfig config;
  config.paths = {directory_ / "a"};
  auto source = MakeFileSource(config, "file", true, &env);
  EXPECT_EQ(source->Open({}).code(), StatusCode::kPermission);
}

}  // namespace
}  // namespace avocet
