#include "src/alert/reset_log.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

#include "src/alert/gate_log.h"
#include "src/env/env.h"

namespace avocet {
namespace {

class ResetLogTest : public ::testing::Test {
 protected:
  ResetLogTest()
      : path_(::testing::TempDir() + "avocet_resets_" + std::to_string(Env::Posix()->ProcessId()) +
              "_" + std::to_string(Env::Posix()->Random64()) + ".db") {}
  ~ResetLogTest() override {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const Status ignored = Env::Posix()->Remove(path_ + suffix);
      static_cast<void>(ignored);
    }
  }

  const std::string path_;
};

TEST_F(ResetLogTest, AResetComesWhereItIsTakenOver) {
  const auto log = ResetLog::Open(path_);
  ASSERT_TRUE(log.ok());
  ASSERT_TRUE((*log)->Add({.device = "d", .metric = "t", .created_us = 7, .actor = "ann"}).ok());
  ASSERT_TRUE((*log)->Add({.device = "e", .actor = "bob"}).ok());
  EXPECT_FALSE((*(*log)->All())[0].from_us);
  EXPECT_TRUE(*(*log)->TakeOver(50));
  EXPECT_FALSE(*(*log)->TakeOver(60));
  auto all = *(*log)->All();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].device + all[0].metric + all[0].actor, "dtann");
  EXPECT_EQ(all[0].created_us, 7);
  EXPECT_EQ(all[0].from_us, 50);
  ASSERT_TRUE((*log)->ForgetDevice("d").ok());
  all = *(*log)->All();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].device, "e");
}

// Messages about alerts are stored in the same file all the time.
TEST_F(ResetLogTest, TakingOverWaitsForAnotherWriter) {
  const auto resets = ResetLog::Open(path_);
  const auto gates = GateLog::Open(path_);
  const auto other = SqliteDb::Open(path_, "CREATE TABLE t (x)");
  ASSERT_TRUE(resets.ok() && gates.ok() && other.ok());
  ASSERT_TRUE((*resets)->Add({.device = "d"}).ok());
  ASSERT_TRUE((*gates)->Add({.device = "d"}).ok());
  std::promise<void> writes;
  std::thread writer([&] {
    const Status status = (*other)->InTransaction([&] {
      writes.set_value();
      Env::Posix()->SleepFor(std::chrono::milliseconds(100));
      return (*other)->Execute("INSERT INTO t VALUES (1)");
    });
    EXPECT_TRUE(status.ok()) << status.message();
  });
  writes.get_future().wait();
  const auto reset = (*resets)->TakeOver(50);
  const auto moved = (*gates)->TakeOver(50);
  writer.join();
  EXPECT_TRUE(reset.ok() && *reset) << reset.status().message();
  EXPECT_TRUE(moved.ok() && *moved) << moved.status().message();
}

}  // namespace
}  // namespace avocet
