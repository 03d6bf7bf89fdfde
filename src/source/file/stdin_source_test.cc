#include "src/source/file/stdin_source.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "src/source/source_testing.h"

namespace avocet {
namespace {

using Records = std::vector<std::string>;

// Gives its pieces one by one; an empty piece is "nothing at the moment".
class Pipe : public ReadableFile {
 public:
  Pipe(std::deque<std::string> pieces, TestEnv* env, Status end)
      : pieces_(std::move(pieces)), env_(env), end_(std::move(end)) {}

  Result<size_t> Read(std::span<std::byte> out) override {
    if (pieces_.empty()) return end_.ok() ? Result<size_t>(size_t{0}) : Result<size_t>(end_);
    if (pieces_.front().empty()) {
      pieces_.pop_front();
      env_->SleepFor(std::chrono::milliseconds(5));
      return Status::Unavailable("no data yet");
    }
    std::string& piece = pieces_.front();
    const size_t size = std::min(piece.size(), out.size());
    std::memcpy(out.data(), piece.data(), size);
    piece.erase(0, size);
    if (piece.empty()) pieces_.pop_front();
    return size;
  }
  Result<size_t> ReadAt(uint64_t, std::span<std::byte>) override {
    return Status::Io("cannot seek in a pipe");
  }
  Result<FileInfo> Stat() override { return FileInfo{}; }

 private:
  std::deque<std::string> pieces_;
  TestEnv* env_;
  Status end_;
};

class StdinSourceTest : public ::testing::Test {
 protected:
  std::unique_ptr<Source> Open(std::deque<std::string> pieces, Status end = Status::Ok()) {
    auto source = MakeStreamSource(config_, "stdin",
                                   std::make_unique<Pipe>(std::move(pieces), &env_, end), &env_);
    EXPECT_TRUE(source->Open({{"stdin/stdin", "{\"offset\":500}"}}).ok());
    return source;
  }

  TestEnv env_;
  StdinSourceConfig config_;
};

TEST_F(StdinSourceTest, DeliversWhatIsThereAndTheLastLineAtTheEnd) {
  auto source = Open({"{\"n\":1}\n{\"n\"", ":2}\n{", "", "\"n\":3}\n\n{\"n\":4}"});
  Delivered got = Drain(source.get());
  EXPECT_EQ(got.records, (Records{"{\"n\":1}", "{\"n\":2}"}));
  EXPECT_EQ(got.state, PollState::kIdle);
  got = Drain(source.get());
  EXPECT_EQ(got.records, (Records{"{\"n\":3}", "{\"n\":4}"}));
  EXPECT_EQ(got.partitions[0], "stdin");
  EXPECT_EQ(got.offsets, (std::vector<int64_t>{16, 25}));
  EXPECT_EQ(got.empty_records, 1U);
  EXPECT_EQ(got.state, PollState::kEnd);
  Positions positions;
  source->TakeChangedPositions(&positions);
  EXPECT_EQ(positions, (Positions{{"stdin/stdin", "{\"offset\":32}"}}));
}

TEST_F(StdinSourceTest, FormatsAreDetected) {
  EXPECT_EQ(Drain(Open({"[{\"n\":1},", "{\"n\":2}]"}).get()).records,
            (Records{"{\"n\":1}", "{\"n\":2}"}));
  const Delivered csv = Drain(Open({"t,v\n1", ",2\n3,4"}).get());
  EXPECT_EQ(csv.records, (Records{"1,2", "3,4"}));
  EXPECT_EQ(csv.header, (Records{"t", "v"}));
  EXPECT_EQ(Drain(Open({Gzip("{\"n\":1}\n")}).get()).records, Records{"{\"n\":1}"});
  EXPECT_EQ(Drain(Open({}).get()).state, PollState::kEnd);
}

TEST_F(StdinSourceTest, DamageIsOneRejectAndTheEnd) {
  const Delivered got = Drain(Open({Gzip("{\"n\":1}\n") + "garbage"}).get());
  EXPECT_EQ(got.records, Records{"{\"n\":1}"});
  ASSERT_EQ(got.rejects.size(), 1U);
  EXPECT_EQ(got.state, PollState::kEnd);
}

TEST_F(StdinSourceTest, WaitsNoLongerThanItMay) {
  auto source = Open(std::deque<std::string>(100, ""));
  PollLimits limits;
  limits.wait = std::chrono::milliseconds(50);
  const int64_t before = env_.now_us;
  EXPECT_EQ(Drain(source.get(), limits).state, PollState::kIdle);
  EXPECT_LE(env_.now_us - before, 55'000);
}

TEST_F(StdinSourceTest, LimitsAndErrors) {
  auto source = Open({NumberedLines(100)}, Status::Io("cannot read: broken"));
  std::vector<RawBatch> batches;
  PollLimits limits;
  limits.max_records = 10;
  ASSERT_EQ(*source->Poll(limits, &batches), PollState::kMore);
  EXPECT_EQ(batches[0].records.size(), 10U);
  const Delivered got = Drain(source.get());
  EXPECT_EQ(got.records.size(), 90U);
  EXPECT_EQ(got.error.code(), StatusCode::kIo);
}

}  // namespace
}  // namespace avocet
