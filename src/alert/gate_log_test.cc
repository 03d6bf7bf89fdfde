#include "src/alert/gate_log.h"

#include <gtest/gtest.h>

#include <string>

#include "src/env/env.h"

namespace avocet {
namespace {

class GateLogTest : public ::testing::Test {
 protected:
  GateLogTest()
      : path_(::testing::TempDir() + "avocet_gates_" + std::to_string(Env::Posix()->ProcessId()) +
              "_" + std::to_string(Env::Posix()->Random64()) + ".db") {}
  ~GateLogTest() override {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const Status ignored = Env::Posix()->Remove(path_ + suffix);
      static_cast<void>(ignored);
    }
  }

  AlertGates Gates(GateLog* log) {
    const auto all = log->All();
    EXPECT_TRUE(all.ok());
    return AlertGates(*all);
  }

  const std::string path_;
};

TEST_F(GateLogTest, AGateHoldsFromWhereItIsTakenOverToWhereItIsReverted) {
  const auto log = GateLog::Open(path_);
  ASSERT_TRUE(log.ok());
  const auto id = (*log)->Add({.device = "d", .metric = "t", .min_score = 2.5, .actor = "ann"});
  ASSERT_TRUE(id.ok());
  EXPECT_TRUE(Gates(log->get()).Passes("d", "t", 100, 1));
  EXPECT_TRUE(*(*log)->TakeOver(50));
  EXPECT_FALSE(*(*log)->TakeOver(60));
  AlertGates gates = Gates(log->get());
  EXPECT_TRUE(gates.Passes("d", "t", 49, 1));
  EXPECT_FALSE(gates.Passes("d", "t", 50, 2.4));
  EXPECT_TRUE(gates.Passes("d", "t", 50, 2.5));
  EXPECT_TRUE(gates.Passes("d", "u", 50, 1));
  EXPECT_TRUE(gates.Passes("e", "t", 50, 1));
  EXPECT_TRUE(gates.Passes("d", "", 50, 1));
  ASSERT_TRUE((*log)->Revert(*id).ok());
  EXPECT_EQ((*log)->Revert(*id).code(), StatusCode::kNotFound);
  EXPECT_FALSE(Gates(log->get()).Passes("d", "t", 90, 1));
  EXPECT_TRUE(*(*log)->TakeOver(80));
  gates = Gates(log->get());
  EXPECT_FALSE(gates.Passes("d", "t", 79, 1));
  EXPECT_TRUE(gates.Passes("d", "t", 80, 1));
}

TEST_F(GateLogTest, OneThatIsRevertedAtOnceNeverHolds) {
  const auto log = GateLog::Open(path_);
  ASSERT_TRUE(log.ok());
  const auto id = (*log)->Add({.device = "d", .metric = "t", .min_score = 2});
  ASSERT_TRUE((*log)->Revert(*id).ok());
  EXPECT_TRUE(*(*log)->TakeOver(50));
  EXPECT_TRUE(Gates(log->get()).Passes("d", "t", 50, 1));
}

TEST_F(GateLogTest, OutlivesTheProgramAndCanBeForgotten) {
  {
    const auto log = GateLog::Open(path_);
    ASSERT_TRUE((*log)->Add({.device = "d", .metric = "", .min_score = 1.0 / 3}).ok());
    ASSERT_TRUE(*(*log)->TakeOver(INT64_MIN));
  }
  const auto log = GateLog::Open(path_);
  const auto all = (*log)->All();
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().min_score, 1.0 / 3);
  EXPECT_EQ(all->front().from_us, INT64_MIN);
  ASSERT_TRUE((*log)->ForgetDevice("d").ok());
  EXPECT_TRUE((*log)->All()->empty());
}

}  // namespace
}  // namespace avocet
