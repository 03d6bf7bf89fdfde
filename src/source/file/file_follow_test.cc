#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "src/source/file/file_source.h"
#include "src/source/source_testing.h"

namespace avocet {
namespace {

using Records = std::vector<std::string>;

class FileFollowTest : public ::testing::Test {
 protected:
  void Open(const std::string& pattern, const Positions& committed = {}) {
    config_.paths = {directory_ / pattern};
    source_ = MakeFileSource(config_, "file", false, &env_);
    ASSERT_TRUE(source_->Open(committed).ok());
  }

  // What comes within a second.
  Delivered Read() {
    PollLimits limits;
    limits.wait = std::chrono::seconds(1);
    const Delivered delivered = Drain(source_.get(), limits);
    EXPECT_TRUE(delivered.error.ok()) << delivered.error.message();
    EXPECT_EQ(delivered.state, PollState::kIdle);
    return delivered;
  }

  void ExpectRead(const Records& want) { EXPECT_EQ(Read().records, want); }
  void ExpectRejectAndNothingElse() {
    const Delivered got = Read();
    EXPECT_TRUE(got.records.empty());
    EXPECT_EQ(got.rejects.size(), 1U);
  }

  Positions All() const {
    Positions positions;
    source_->AllPositions(&positions);
    return positions;
  }
  std::string Problem() const { return source_->Health().problem; }

  TestDirectory directory_;
  TestEnv env_;
  FileSourceConfig config_;
  std::unique_ptr<Source> source_;
};

TEST_F(FileFollowTest, GrowthIsReadLineByLine) {
  directory_.Write("a", "{\"n\":1}\n{\"n\"");
  Open("a");
  ExpectRead({"{\"n\":1}"});
  ExpectRead({});
  directory_.Append("a", ":2}");
  ExpectRead({});
  directory_.Append("a", "\n{\"n\":3}\n");
  ExpectRead({"{\"n\":2}", "{\"n\":3}"});
  EXPECT_EQ(source_->Health().lag_bytes, 0U);
  EXPECT_EQ(Problem(), "");
}

TEST_F(FileFollowTest, ManyBlocksOfGrowth) {
  directory_.Write("a", "");
  Open("a");
  ExpectRead({});
  const std::string lines = NumberedLines(30'000, 200);
  size_t sent = 0, received = 0;
  for (size_t piece = 1; sent < lines.size(); piece = piece * 3 + 1) {
    directory_.Append("a", std::string_view(lines).substr(sent, piece));
    sent += std::min(piece, lines.size() - sent);
    for (const std::string& record : Read().records) {
      ASSERT_EQ(std::string_view(lines).substr(received, record.size()), record);
      received += record.size() + 1;
    }
  }
  EXPECT_EQ(received, lines.size());
}

TEST_F(FileFollowTest, MissingPathIsWaitedFor) {
  Open("d/*.ndjson");
  ExpectRead({});
  EXPECT_EQ(Problem(), "cannot open " + (directory_ / "d/*.ndjson") + ": no file matches");
  std::filesystem::create_directory(directory_ / "d");
  directory_.Write("d/b.ndjson", "{\"n\":1}\n");
  ExpectRead({"{\"n\":1}"});
  EXPECT_EQ(Problem(), "");
}

TEST_F(FileFollowTest, NewFilesComeAfterKnownOnes) {
  directory_.Write("b", "{\"n\":1}\n");
  Open("*");
  ExpectRead({"{\"n\":1}"});
  directory_.Append("b", "{\"n\":2}\n");
  directory_.Write("a10", "{\"n\":4}\n");
  directory_.Write("a9", "{\"n\":3}\n");
  ExpectRead({"{\"n\":2}", "{\"n\":3}", "{\"n\":4}"});
}

TEST_F(FileFollowTest, RotatedFileIsReadToItsEndFirst) {
  directory_.Write("log", "{\"n\":1}\n");
  Open("log*");
  ExpectRead({"{\"n\":1}"});
  directory_.Append("log", "{\"n\":2}\n");
  directory_.Rename("log", "log.1");
  directory_.Append("log.1", "{\"n\":3}\n");
  directory_.Write("log", "{\"n\":4}\n");
  ExpectRead({"{\"n\":2}", "{\"n\":3}", "{\"n\":4}"});
  // Over a restart, too.
  directory_.Rename("log.1", "log.2");
  directory_.Rename("log", "log.1");
  directory_.Append("log.1", "{\"n\":5}\n");
  directory_.Write("log", "{\"n\":6}\n");
  Open("log*", All());
  const Delivered got = Read();
  EXPECT_EQ(got.records, (Records{"{\"n\":6}", "{\"n\":5}"}));
  EXPECT_EQ(got.partitions[1], directory_ / "log.1");
}

TEST_F(FileFollowTest, FileMovedOutOfSightIsReadToItsEnd) {
  directory_.Write("log", "{\"n\":1}\n");
  Open("log");
  ExpectRead({"{\"n\":1}"});
  directory_.Append("log", "{\"n\":2}\n{\"n\":3}");
  directory_.Rename("log", "old");
  directory_.Write("log", "{\"n\":4}\n");
  ExpectRead({"{\"n\":2}", "{\"n\":4}"});
  // Its writer has not noticed yet.
  directory_.Append("old", "\n{\"n\":5}\n{\"n\":6}");
  ExpectRead({"{\"n\":3}", "{\"n\":5}"});
  // Nobody writes to it any more: its last line is complete.
  env_.now_us += 10'000'000;
  ExpectRead({"{\"n\":6}"});
  ExpectRead({});
  EXPECT_EQ(All().size(), 2U);
}

TEST_F(FileFollowTest, DeletedFileIsForgottenButItsPositionIsKept) {
  directory_.Write("a", "{\"n\":1}\n");
  Open("*");
  ExpectRead({"{\"n\":1}"});
  const Positions before = All();
  Positions changed;
  source_->TakeChangedPositions(&changed);
  EXPECT_EQ(changed, before);
  directory_.Rename("a", ".elsewhere");
  env_.now_us += 10'000'000;
  ExpectRead({});
  env_.now_us += 10'000'000;
  ExpectRead({});
  EXPECT_EQ(All(), before);
  // It comes back, as after a lost network drive.
  directory_.Append(".elsewhere", "{\"n\":2}\n");
  directory_.Rename(".elsewhere", "a");
  ExpectRead({"{\"n\":2}"});
}

TEST_F(FileFollowTest, TruncatedFileIsReadAgain) {
  directory_.Write("a", "{\"n\":1}\n{\"n\":2}\n");
  Open("a");
  ExpectRead({"{\"n\":1}", "{\"n\":2}"});
  directory_.Write("a", "{\"n\":3}\n");
  ExpectRead({"{\"n\":3}"});
  EXPECT_EQ(Problem(), (directory_ / "a") + " was truncated or replaced: reading it again");
  env_.now_us += 100'000'000;
  EXPECT_EQ(Problem(), "");
  // Longer than before, but not the same file.
  directory_.Write("a", "{\"m\":4}\n{\"m\":5}\n");
  ExpectRead({"{\"m\":4}", "{\"m\":5}"});
}

TEST_F(FileFollowTest, TruncatedWhileStoppedIsReadAgain) {
  directory_.Write("a", "{\"n\":1}\n" + std::string(2000, ' ') + "\n{\"n\":2}\n");
  Open("a");
  ExpectRead({"{\"n\":1}", "{\"n\":2}"});
  std::filesystem::resize_file(directory_ / "a", 1500);
  directory_.Append("a", "\n{\"n\":3}\n");
  Open("a", All());
  ExpectRead({"{\"n\":1}", "{\"n\":3}"});
}

TEST_F(FileFollowTest, CopyAndTruncateContinuesWithTheNewContent) {
  directory_.Write("log", "{\"n\":1}\n");
  Open("log");
  ExpectRead({"{\"n\":1}"});
  std::filesystem::copy(directory_ / "log", directory_ / "log.1");
  std::filesystem::resize_file(directory_ / "log", 0);
  ExpectRead({});
  directory_.Append("log", "{\"n\":2}\n");
  ExpectRead({"{\"n\":2}"});
}

TEST_F(FileFollowTest, UnreadableFileIsRetried) {
  directory_.Write("a", "{\"n\":1}\n");
  directory_.Write("b", "{\"n\":2}\n");
  env_.unreadable = directory_ / "a";
  Open("*");
  ExpectRead({"{\"n\":2}"});
  EXPECT_EQ(Problem(), "cannot open " + (directory_ / "a") + ": denied");
  env_.unreadable.clear();
  ExpectRead({"{\"n\":1}"});
  EXPECT_EQ(Problem(), "");
}

TEST_F(FileFollowTest, GrowingArrayAndCsvAndGzip) {
  directory_.Write("a.json", "[{\"n\":1},{\"n\":");
  directory_.Write("b.csv", "t,");
  const std::string member = Gzip("{\"n\":5}\n");
  directory_.Write("c.gz", member.substr(0, 9));
  Open("*");
  ExpectRead({"{\"n\":1}"});
  directory_.Append("a.json", "2}\n,{\"n\":3}");
  directory_.Append("b.csv", "v\n1,2\n");
  directory_.Append("c.gz", member.substr(9));
  ExpectRead({"{\"n\":2}", "{\"n\":3}", "1,2", "{\"n\":5}"});
  Open("*", All());
  directory_.Append("a.json", ",{\"n\":4}]");
  directory_.Append("b.csv", "3,4\n");
  directory_.Append("c.gz", Gzip("{\"n\":6}\n"));
  const Delivered got = Read();
  EXPECT_EQ(got.records, (Records{"{\"n\":4}", "3,4", "{\"n\":6}"}));
  EXPECT_EQ(got.header, (Records{"t", "v"}));
}

TEST_F(FileFollowTest, DamagedFileIsDoneWithOneReject) {
  const std::string packed = Zstd(NumberedLines(10));
  directory_.Write("a.zst", packed.substr(0, 4) + "garbage garbage garbage");
  Open("*");
  ExpectRejectAndNothingElse();
  directory_.Append("a.zst", "more");
  ExpectRead({});
  Open("*", All());
  ExpectRead({});
}

TEST_F(FileFollowTest, StartAtTheEndKeepsHeaderAndReadsNothingOld) {
  directory_.Write("a.csv", "t,v\n1,2\n3,4\n5,");
  directory_.Write("b.gz", Gzip("{\"n\":1}\n"));
  config_.start = "end";
  Open("*");
  ExpectRead({});
  directory_.Append("a.csv", "6\n7,8\n");
  directory_.Append("b.gz", Gzip("{\"n\":2}\n"));
  directory_.Write("c", "{\"n\":3}\n");
  const Delivered got = Read();
  EXPECT_EQ(got.records, (Records{"5,6", "7,8", "{\"n\":2}", "{\"n\":3}"}));
  EXPECT_EQ(got.header, (Records{"t", "v"}));
}

TEST_F(FileFollowTest, ManyFilesAreFollowedWithFewOpen) {
  for (int i = 0; i < 200; ++i) directory_.Write("f" + std::to_string(i), "{\"n\":1}\n");
  Open("*");
  EXPECT_EQ(Read().records.size(), 200U);
  for (int i = 0; i < 200; ++i) directory_.Append("f" + std::to_string(i), "{\"n\":2}\n");
  EXPECT_EQ(Read().records, Records(200, "{\"n\":2}"));
}

TEST_F(FileFollowTest, WaitIsNotExceededWhenThereIsNothing) {
  directory_.Write("a", "");
  Open("a");
  const int64_t before = env_.now_us;
  ExpectRead({});
  EXPECT_GE(env_.now_us - before, 1'000'000);
  EXPECT_LE(env_.now_us - before, 1'000'100);
}

}  // namespace
}  // namespace avocet
