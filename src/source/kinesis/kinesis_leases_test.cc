#include "src/source/kinesis/kinesis_leases.h"

#include <gtest/gtest.h>

#include "src/env/sim_env.h"
#include "src/source/kinesis/kinesis_leases_testing.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kA[] = "shardId-000000000000";
constexpr char kB[] = "shardId-000000000001";
constexpr char kC[] = "shardId-000000000002";

class KinesisLeasesTest : public ::testing::Test {
 protected:
  KinesisLeasesTest() { List({{.id = kA}}); }

  void List(const std::vector<KinesisShard>& shards) {
    for (LeaseWorker* worker : {&one_, &two_}) {
      worker->listing = shards;
      if (worker->running()) worker->leases().OnShards(shards);
    }
  }
  // Both do what is due, for so long.
  void Run(seconds duration) {
    for (milliseconds passed{0}; passed < duration; passed += milliseconds(500)) {
      for (LeaseWorker* worker : {&one_, &two_}) {
        if (worker->running()) worker->Advance();
      }
      env_.AdvanceClock(milliseconds(500));
    }
  }
  void OneHasReadAndIsKilled() {
    one_.Start();
    Run(seconds(2));
    one_.Deliver(kA, 5);
    one_.Commit();
    one_.Deliver(kA, 2);
    one_.Kill();
    two_.peers.lakes["one"] = {.state = PeerLake::State::kStopped, .positions = one_.Published()};
  }

  SimEnv env_;
  FakeLeaseTable table_;
  LeaseWorker one_{"one", &table_, &env_};
  LeaseWorker two_{"two", &table_, &env_};
};

TEST_F(KinesisLeasesTest, TakesAShardThatNobodyHas) {
  one_.Start();
  one_.Advance();
  ASSERT_TRUE(one_.reading.contains(kA));
  EXPECT_EQ(one_.reading[kA], KinesisPosition());
  EXPECT_EQ(table_.Get(kA).owner, "host:one:kinesis");
  EXPECT_FALSE(table_.Get(kA).claim->released);
  EXPECT_EQ(one_.leases().num_reading(), 1u);
}

TEST_F(KinesisLeasesTest, NothingIsReadBeforeTheClaimIsWritten) {
  one_.Start();
  // Prepared, listed and created; then the lease is taken, and the claim is refused.
  table_.Fail(
      {Status::Ok(), Status::Ok(), Status::Ok(), Status::Ok(), Status::Unavailable("throttled")});
  one_.Advance();
  EXPECT_EQ(table_.Get(kA).owner, "host:one:kinesis");
  EXPECT_TRUE(one_.reading.empty());
  EXPECT_EQ(one_.leases().problem(), "the table of leases leases: throttled");
  one_.Advance();
  EXPECT_TRUE(one_.reading.contains(kA));
  EXPECT_EQ(one_.leases().problem(), "");
}

TEST_F(KinesisLeasesTest, AChangeWhoseAnswerIsLostIsSeenLater) {
  one_.Start();
  for (int i = 0; i < 4 && one_.reading.empty(); ++i) {
    table_.LoseAnswers(1);
    one_.Advance();
  }
  table_.LoseAnswers(0);
  Run(seconds(1));
  EXPECT_TRUE(one_.reading.contains(kA));
}

TEST_F(KinesisLeasesTest, ALeaseThatIsRenewedIsNotTaken) {
  one_.Start();
  Run(seconds(1));
  two_.Start();
  Run(seconds(60));
  EXPECT_TRUE(one_.reading.contains(kA));
  EXPECT_TRUE(two_.reading.empty());
  EXPECT_TRUE(two_.leases().settled());
}

TEST_F(KinesisLeasesTest, TheTableIsToldWhatIsInBronze) {
  one_.Start();
  Run(seconds(2));
  one_.Deliver(kA, 7);
  Run(seconds(8));
  EXPECT_EQ(table_.Get(kA).position.records, 0u);
  one_.Commit();
  Run(seconds(8));
  EXPECT_EQ(table_.Get(kA).position.records, 7u);
  const size_t before = table_.changes();
  Run(seconds(100));
  EXPECT_NEAR(static_cast<double>(table_.changes() - before), 33, 8) << "one in a third of 10 s";
}

TEST_F(KinesisLeasesTest, WithoutTheTableItReadsAsLongAsTheLeaseLasts) {
  one_.Start();
  Run(seconds(1));
  table_.SetUnreachable(true);
  Run(seconds(6));
  EXPECT_TRUE(one_.reading.contains(kA));
  EXPECT_NE(one_.leases().problem().find("no connection"), std::string::npos);
  Run(seconds(6));
  EXPECT_TRUE(one_.reading.empty());
  // What was delivered is committed, and reading goes on when the table is back.
  one_.Commit();
  table_.SetUnreachable(false);
  Run(seconds(2));
  EXPECT_TRUE(one_.reading.contains(kA));
  EXPECT_EQ(one_.leases().problem(), "");
}

TEST_F(KinesisLeasesTest, TakesOverFromAKilledProcessWhereItsBronzeEnds) {
  OneHasReadAndIsKilled();
  two_.Start();
  Run(seconds(9));
  EXPECT_TRUE(two_.reading.empty()) << "the lease is not over yet";
  Run(seconds(5));
  ASSERT_TRUE(two_.reading.contains(kA));
  EXPECT_EQ(two_.reading[kA].records, 5u);
}

TEST_F(KinesisLeasesTest, WaitsForAProcessThatHasNotLetGo) {
  OneHasReadAndIsKilled();
  two_.peers.lakes["one"].state = PeerLake::State::kBusy;
  two_.Start();
  Run(seconds(100));
  EXPECT_TRUE(two_.reading.empty());
  EXPECT_EQ(
      two_.leases().problem(),
      std::string("shard ") + kA + " waits for the lake /one on host: its process is running");
  EXPECT_FALSE(two_.leases().settled());
  // It is started again, and says how far it is.
  one_.Start();
  Run(seconds(2));
  ASSERT_TRUE(two_.reading.contains(kA));
  EXPECT_EQ(two_.reading[kA].records, 5u);
  EXPECT_EQ(two_.leases().problem(), "");
}

TEST_F(KinesisLeasesTest, WaitsNoLongerThanItIsTold) {
  OneHasReadAndIsKilled();
  two_.peers.lakes["one"].state = PeerLake::State::kBusy;
  two_.options.handover_timeout = seconds(30);
  two_.Start();
  Run(seconds(35));
  EXPECT_TRUE(two_.reading.empty());
  Run(seconds(15));
  ASSERT_TRUE(two_.reading.contains(kA));
  EXPECT_EQ(two_.reading[kA].records, 0u) << "the table had not been told yet";
  // The other one sees that the shard is no longer its own, and leaves it alone.
  one_.Start();
  Run(seconds(2));
  EXPECT_TRUE(one_.reading.empty());
  EXPECT_EQ(table_.Get(kA).claim->lake.table_id, "two");
}

TEST_F(KinesisLeasesTest, StartedAgainItGoesOnAtOnce) {
  OneHasReadAndIsKilled();
  one_.Start();
  one_.Advance();
  ASSERT_TRUE(one_.reading.contains(kA));
  EXPECT_EQ(one_.reading[kA].records, 5u);
}

TEST_F(KinesisLeasesTest, KilledBeforeItsFirstCommitItDoesNotReadWhatOthersHad) {
  OneHasReadAndIsKilled();
  two_.Start();
  Run(seconds(15));
  two_.Deliver(kA, 10);
  two_.Stop();
  for (int run = 0; run < 2; ++run) {
    one_.Start();
    Run(seconds(1));
    ASSERT_TRUE(one_.reading.contains(kA));
    EXPECT_EQ(one_.reading[kA].records, 15u) << run;
    one_.Kill();
  }
  EXPECT_EQ(one_.bronze[kA].records, 5u);
}

TEST_F(KinesisLeasesTest, StoppedItGivesAwayAtOnce) {
  one_.Start();
  Run(seconds(1));
  one_.Deliver(kA, 3);
  one_.Stop();
  EXPECT_EQ(table_.Get(kA).owner, "");
  EXPECT_TRUE(table_.Get(kA).claim->released);
  two_.Start();
  two_.Advance();
  EXPECT_EQ(two_.reading[kA].records, 3u);
}

TEST_F(KinesisLeasesTest, WhatIsClaimedJustBeforeTheStopIsGivenAway) {
  one_.Start();
  Run(seconds(1));
  one_.Deliver(kA, 3);
  one_.Stop();
  two_.Start();
  two_.leases().Advance();
  ASSERT_FALSE(table_.Get(kA).claim->released) << "claimed, and the order is not obeyed";
  two_.Stop();
  EXPECT_EQ(table_.Get(kA).owner, "");
  EXPECT_TRUE(table_.Get(kA).claim->released);
  one_.Start();
  one_.Advance();
  EXPECT_EQ(one_.reading[kA].records, 3u);
}

TEST_F(KinesisLeasesTest, SharesAndHandsOverWhatIsInBronze) {
  List({{.id = kA}, {.id = kB}});
  one_.Start();
  Run(seconds(1));
  ASSERT_EQ(one_.reading.size(), 2u);
  one_.Deliver(kA, 3);
  one_.Deliver(kB, 4);
  two_.Start();
  Run(seconds(5));
  EXPECT_EQ(one_.reading.size(), 1u);
  EXPECT_TRUE(two_.reading.empty()) << "before it is in the bronze of the first";
  one_.Commit();
  Run(seconds(2));
  ASSERT_EQ(two_.reading.size(), 1u);
  const std::string moved = two_.reading.begin()->first;
  EXPECT_FALSE(one_.reading.contains(moved));
  EXPECT_EQ(two_.reading[moved].records, moved == kA ? 3u : 4u);
  Run(seconds(60));
  EXPECT_EQ(one_.reading.size(), 1u);
  EXPECT_EQ(two_.reading.size(), 1u);
}

TEST_F(KinesisLeasesTest, APausedProcessLosesItsLeaseButNoRecord) {
  one_.Start();
  Run(seconds(1));
  one_.Deliver(kA, 3);
  two_.Start();
  two_.peers.lakes["one"] = {};  // It holds its lock.
  for (int i = 0; i < 60; ++i) {
    two_.Advance();
    env_.AdvanceClock(milliseconds(500));
  }
  EXPECT_EQ(table_.Get(kA).owner, "host:two:kinesis");
  EXPECT_TRUE(two_.reading.empty());
  // It goes on: at its next look it stops, commits what it has, and says so.
  one_.Obey();
  EXPECT_TRUE(one_.reading.empty());
  one_.Commit();
  Run(seconds(2));
  EXPECT_EQ(two_.reading[kA].records, 3u);
}

TEST_F(KinesisLeasesTest, ChildrenBeginWhenTheirParentsAreInBronzeToTheEnd) {
  one_.Start();
  Run(seconds(1));
  List({{.id = kA}, {.id = kB, .parents = {kA}}, {.id = kC, .parents = {kA}}});
  two_.Start();
  one_.Deliver(kA, 5, true);
  Run(seconds(15));
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_FALSE(one_.leases().settled());
  one_.Commit();
  Run(seconds(8));
  EXPECT_TRUE(table_.Get(kA).position.done);
  EXPECT_EQ(table_.Get(kB).parents, std::vector<std::string>{kA});
  one_.Commit();
  Run(seconds(8));
  EXPECT_EQ(one_.reading.size() + two_.reading.size(), 2u);
  // The parent expires, and its lease with it.
  List({{.id = kB, .parents = {kA}}, {.id = kC, .parents = {kA}}});
  Run(seconds(8));
  EXPECT_EQ(table_.size(), 2u);
}

TEST_F(KinesisLeasesTest, TheEndOfAShardIsFoundInTheBronzeOfAKilledProcess) {
  one_.Start();
  Run(seconds(1));
  one_.Deliver(kA, 5, true);
  one_.Commit();
  one_.Kill();
  two_.peers.lakes["one"] = {.state = PeerLake::State::kStopped, .positions = one_.Published()};
  List({{.id = kA}, {.id = kB, .parents = {kA}}});
  two_.Start();
  Run(seconds(20));
  EXPECT_TRUE(table_.Get(kA).position.done);
  EXPECT_TRUE(two_.reading.contains(kB));
}

TEST_F(KinesisLeasesTest, SaysThatAShardHasExpiredUnread) {
  List({{.id = kA}, {.id = kC}});
  one_.Start();
  Run(seconds(1));
  List({{.id = kC}});
  Run(seconds(8));
  EXPECT_EQ(one_.leases().problem(),
            std::string("shard ") + kA + " has expired before it was read to its end");
  EXPECT_EQ(one_.reading.size(), 1u);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(KinesisLeasesTest, AShardThatIsYoungerThanTheListHasNotExpired) {
  one_.Start();
  Run(seconds(1));
  KinesisLease other;
  other.shard = kB;
  other.stream = "readings";
  table_.Put(other);
  Run(seconds(8));
  EXPECT_TRUE(one_.reading.contains(kB));
  EXPECT_EQ(one_.leases().problem(), "");
}

TEST_F(KinesisLeasesTest, ReadAloneBeforeItGoesOnWhereItWas) {
  List({{.id = kA}, {.id = kB}, {.id = kC, .parents = {kA}}});
  one_.bronze[kA] = {.sequence = "9", .records = 9, .done = true};
  one_.bronze[kB] = {.sequence = "4", .records = 4};
  one_.Start();
  Run(seconds(1));
  EXPECT_FALSE(one_.reading.contains(kA));
  EXPECT_EQ(one_.reading[kB].records, 4u);
  EXPECT_TRUE(one_.reading.contains(kC));
}

TEST_F(KinesisLeasesTest, AllBeginWhereTheFirstOneSaid) {
  one_.options.start = {KinesisStart::At::kTimestamp, 1000, ""};
  two_.options.start = {KinesisStart::At::kTimestamp, 2000, ""};
  one_.Start();
  one_.Advance();
  one_.Kill();
  two_.peers.lakes["one"] = {.state = PeerLake::State::kStopped};
  two_.Start();
  Run(seconds(15));
  EXPECT_EQ(two_.starts[kA].timestamp_ms, 1000);
}

TEST_F(KinesisLeasesTest, TakesOverWhereTheClientLibraryWas) {
  KinesisLease lease;
  lease.shard = kA;
  lease.owner = "a worker that is gone";
  lease.position.sequence = "4959";
  table_.Put(lease);
  one_.Start();
  Run(seconds(15));
  EXPECT_EQ(one_.reading[kA].sequence, "4959");
}

TEST_F(KinesisLeasesTest, ATableOfAnotherStreamIsRefused) {
  KinesisLease lease;
  lease.shard = kA;
  lease.stream = "other";
  table_.Put(lease);
  one_.Start();
  one_.Advance();
  EXPECT_EQ(one_.leases().failure().code(), StatusCode::kConfig);
  EXPECT_NE(one_.leases().failure().message().find("the stream other, not of readings"),
            std::string::npos);
}

TEST_F(KinesisLeasesTest, WhoeverEmptiesTheTableStopsThoseThatRead) {
  one_.Start();
  Run(seconds(1));
  one_.Deliver(kA, 3);
  one_.Commit();
  table_.Clear();
  Run(seconds(10));
  // Its own bronze knows where to go on.
  ASSERT_TRUE(one_.reading.contains(kA));
  EXPECT_EQ(one_.reading[kA].records, 3u);
}

}  // namespace
}  // namespace avocet
