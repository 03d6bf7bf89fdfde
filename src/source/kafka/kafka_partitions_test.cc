#include "src/source/kafka/kafka_partitions.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "src/env/sim_env.h"
#include "src/source/kafka/kafka_testing.h"
#include "src/source/peer_lakes_testing.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const KafkaPartition kZero{"readings", 0}, kOne{"readings", 1};

std::string Claim(const std::string& lake, bool released = false, const std::string& from = "") {
  return EncodeLakeClaim({.released = released,
                          .source = lake == "a" ? "kafka" : "other",
                          .lake = FakePeerLakes::Address(lake),
                          .from = from});
}

class KafkaPartitionsTest : public ::testing::Test {
 protected:
  KafkaPartitionsTest() {
    config_.group = "plant";
    consumer_.marks = {{kZero, {10, 100}}, {kOne, {0, 100}}};
    consumer_.on_answers = [this](const auto& answers) { partitions_->OnAnswers(answers); };
  }

  // What the process does, with these positions in its bronze table.
  KafkaPartitions& Start(const Positions& bronze = {}) {
    partitions_ = std::make_unique<KafkaPartitions>(config_, "kafka", &env_, &peers_);
    EXPECT_TRUE(partitions_->Load(bronze).ok());
    partitions_->set_consumer(&consumer_);
    return *partitions_;
  }

  // Lets it do what is due, and the group answer.
  void Settle() {
    for (int i = 0; i < 8; ++i) {
      partitions_->Advance();
      consumer_.Answer();
      env_.AdvanceClock(milliseconds(400));
    }
  }

  void TakeUpTo(const KafkaPartition& partition, int64_t first, int64_t end) {
    for (int64_t offset = first; offset < end; ++offset) {
      EXPECT_TRUE(partitions_->Take(partition, offset)) << partition.Text() << " " << offset;
    }
  }
  void CommitBronze() {
    Positions positions;
    partitions_->AddAll(&positions);
    partitions_->OnCommitted(positions);
  }
  bool IsReleased(const KafkaPartition& partition) {
    const auto claim = ParseLakeClaim(consumer_.group[partition].metadata);
    return claim && claim->released;
  }

  SimEnv env_;
  KafkaSourceConfig config_;
  FakePeerLakes peers_{"a"};
  FakeKafkaConsumer consumer_;
  std::unique_ptr<KafkaPartitions> partitions_;
};

TEST_F(KafkaPartitionsTest, NothingIsReadBeforeTheClaimIsCommitted) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero});
  partitions.Advance();
  ASSERT_EQ(consumer_.in_flight.size(), 1U);
  EXPECT_EQ(consumer_.in_flight[0].offset, 10);
  EXPECT_EQ(consumer_.in_flight[0].metadata, Claim("a", false, R"({"offset":10})"));
  EXPECT_FALSE(partitions.Take(kZero, 10));
  consumer_.Answer();
  EXPECT_EQ(consumer_.reading.at(kZero), 10);
  EXPECT_TRUE(partitions.Take(kZero, 10));
  EXPECT_FALSE(partitions.Take(kZero, 10)) << "twice";
  EXPECT_FALSE(partitions.Take(kOne, 0)) << "not assigned";
}

TEST_F(KafkaPartitionsTest, ClaimThatIsRefusedIsNoClaim) {
  KafkaPartitions& partitions = Start();
  consumer_.refuses = true;
  partitions.OnAssigned({kZero});
  Settle();
  EXPECT_FALSE(partitions.Take(kZero, 10));
  consumer_.refuses = false;
  Settle();
  EXPECT_TRUE(partitions.Take(kZero, 10));
}

TEST_F(KafkaPartitionsTest, BeginsWhereTheConfigurationSays) {
  config_.start = "latest";
  Start().OnAssigned({kZero});
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 100);
  consumer_.group.clear();
  config_.start_time_us = 1;
  consumer_.offset_of_time = 55;
  Start().OnAssigned({kZero});
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 55);
}

TEST_F(KafkaPartitionsTest, OwnBronzeDecidesWhereToGoOn) {
  // The broker's offset is behind, as after a crash between the two commits.
  consumer_.group[kZero] = {.partition = kZero, .offset = 30, .metadata = Claim("a")};
  Start({{"kafka/readings/0", R"({"offset":42,"later":"ignored"})"}}).OnAssigned({kZero});
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 42);
}

TEST_F(KafkaPartitionsTest, KilledBeforeItsFirstCommitItDoesNotReadWhatOthersHad) {
  // It ended at 20 once; another went on to 50.
  const Positions bronze = {{"kafka/readings/0", R"({"offset":20})"}};
  consumer_.group[kZero] = {.partition = kZero, .offset = 50, .metadata = Claim("other", true)};
  for (int run = 0; run < 2; ++run) {
    consumer_.reading.clear();
    Start(bronze).OnAssigned({kZero});
    Settle();
    EXPECT_EQ(consumer_.reading.at(kZero), 50) << run;
  }
}

TEST_F(KafkaPartitionsTest, BrokerIsToldWhatIsInBronze) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero});
  Settle();
  TakeUpTo(kZero, 10, 60);
  EXPECT_EQ(partitions.Lag(), 40U);
  Settle();
  EXPECT_EQ(consumer_.group[kZero].offset, 10);
  CommitBronze();
  Settle();
  EXPECT_EQ(consumer_.group[kZero].offset, 60);
  EXPECT_FALSE(IsReleased(kZero));
  partitions.ReleaseAll();
  EXPECT_EQ(consumer_.group[kZero].offset, 60);
  EXPECT_TRUE(IsReleased(kZero));
}

TEST_F(KafkaPartitionsTest, StopDoesNotReleaseWhatIsNotInBronze) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero});
  Settle();
  TakeUpTo(kZero, 10, 60);
  partitions.ReleaseAll();
  EXPECT_FALSE(IsReleased(kZero));
}

TEST_F(KafkaPartitionsTest, StopLetsGoOfWhatTheGroupWaitsFor) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero, kOne});
  Settle();
  TakeUpTo(kZero, 10, 20);
  partitions.OnRevoked({kZero}, /*lost=*/false);
  ASSERT_TRUE(consumer_.reading.contains(kZero)) << "its rows are not in bronze";
  partitions.ReleaseAll();
  EXPECT_FALSE(consumer_.reading.contains(kZero))
      << "the group would wait, and leaving it for the group";
  EXPECT_FALSE(IsReleased(kZero));
}

TEST_F(KafkaPartitionsTest, RevokedPartitionIsLetGoWhenItsRowsAreInBronze) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero, kOne});
  Settle();
  TakeUpTo(kZero, 10, 20);
  partitions.OnRevoked({kZero}, /*lost=*/false);
  EXPECT_TRUE(partitions.TakeCommitRequest());
  EXPECT_FALSE(partitions.TakeCommitRequest());
  Settle();
  EXPECT_TRUE(consumer_.reading.contains(kZero));
  EXPECT_FALSE(IsReleased(kZero));
  EXPECT_FALSE(partitions.Take(kZero, 20));
  EXPECT_TRUE(partitions.Take(kOne, 0)) << "the others are read on";
  CommitBronze();
  Settle();
  EXPECT_FALSE(consumer_.reading.contains(kZero));
  EXPECT_TRUE(consumer_.reading.contains(kOne));
  EXPECT_EQ(consumer_.group[kZero].offset, 20);
  EXPECT_TRUE(IsReleased(kZero));
}

TEST_F(KafkaPartitionsTest, NothingIsToldWhileTheGroupSharesOut) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero, kOne});
  Settle();
  TakeUpTo(kOne, 0, 30);
  partitions.OnRevoked({kZero}, /*lost=*/false);
  CommitBronze();
  Settle();
  ASSERT_FALSE(consumer_.reading.contains(kZero));
  EXPECT_EQ(consumer_.group[kOne].offset, 0) << "under the old generation all would be lost";
  env_.AdvanceClock(seconds(5));
  Settle();
  EXPECT_EQ(consumer_.group[kOne].offset, 30);
}

TEST_F(KafkaPartitionsTest, LostPartitionIsReleasedWhenTheGroupHasTakenItInAgain) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero});
  Settle();
  TakeUpTo(kZero, 10, 20);
  partitions.OnRevoked({kZero}, /*lost=*/true);
  EXPECT_FALSE(consumer_.reading.contains(kZero));
  CommitBronze();
  Settle();
  EXPECT_TRUE(consumer_.in_flight.empty());
  EXPECT_FALSE(IsReleased(kZero)) << "a commit of one that is no member makes it join once more";
  partitions.OnAssigned({});
  Settle();
  EXPECT_EQ(consumer_.group[kZero].offset, 20);
  EXPECT_TRUE(IsReleased(kZero));
}

TEST_F(KafkaPartitionsTest, TakesOverFromAStoppedProcessWhereItsBronzeEnds) {
  consumer_.group[kZero] = {.partition = kZero, .offset = 20, .metadata = Claim("dead")};
  peers_.lakes["dead"] = {.state = PeerLake::State::kStopped,
                          .positions = {{"other/readings/0", R"({"offset":40})"}}};
  Start().OnAssigned({kZero});
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 40);
  EXPECT_EQ(consumer_.group[kZero].metadata, Claim("a", false, R"({"offset":40})"));
}

TEST_F(KafkaPartitionsTest, WaitsForAProcessThatHasNotLetGo) {
  consumer_.group[kZero] = {.partition = kZero, .offset = 20, .metadata = Claim("busy")};
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero});
  Settle();
  EXPECT_EQ(partitions.problem(),
            "readings/0 waits for the lake /busy on host: its process is running");
  EXPECT_FALSE(consumer_.reading.contains(kZero));
  consumer_.group[kZero] = {.partition = kZero, .offset = 35, .metadata = Claim("busy", true)};
  Settle();
  EXPECT_EQ(partitions.problem(), "");
  EXPECT_EQ(consumer_.reading.at(kZero), 35);
}

TEST_F(KafkaPartitionsTest, HandoverTimeoutGoesOnFromTheGroup) {
  config_.handover_timeout = seconds(10);
  consumer_.group[kZero] = {.partition = kZero, .offset = 20, .metadata = Claim("busy")};
  Start().OnAssigned({kZero});
  Settle();
  EXPECT_FALSE(consumer_.reading.contains(kZero));
  env_.AdvanceClock(seconds(10));
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 20);
}

TEST_F(KafkaPartitionsTest, ClaimsOfAnEarlierRunAreReleased) {
  consumer_.group[kZero] = {.partition = kZero, .offset = 20, .metadata = Claim("a")};
  consumer_.group[kOne] = {.partition = kOne, .offset = 20, .metadata = Claim("busy")};
  KafkaPartitions& partitions = Start({{"kafka/readings/0", R"({"offset":25})"}});
  partitions.OnAssigned({});
  Settle();
  EXPECT_TRUE(IsReleased(kZero));
  EXPECT_EQ(consumer_.group[kZero].offset, 25);
  EXPECT_EQ(consumer_.group[kOne].metadata, Claim("busy"));
}

TEST_F(KafkaPartitionsTest, OffsetThatIsGoneIsReadFromTheBeginning) {
  KafkaPartitions& partitions = Start({{"kafka/readings/0", R"({"offset":700})"}});
  partitions.OnAssigned({kZero});
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 700);
  partitions.OnOutOfRange(kZero, 700);
  Settle();
  EXPECT_EQ(consumer_.reading.at(kZero), 10);
  TakeUpTo(kZero, 10, 20);
  partitions.OnOutOfRange(kZero, 700);
  EXPECT_TRUE(partitions.Take(kZero, 20)) << "the answer to an earlier place";
}

TEST_F(KafkaPartitionsTest, EndIsThatOfThePlaceThatIsRead) {
  KafkaPartitions& partitions = Start();
  partitions.OnAssigned({kZero});
  Settle();
  partitions.OnEnd(kZero, 100);
  EXPECT_FALSE(partitions.all_at_end()) << "the answer to an earlier place";
  TakeUpTo(kZero, 10, 100);
  partitions.OnEnd(kZero, 100);
  EXPECT_TRUE(partitions.all_at_end());
  // One that gets nothing waits a while: others have to let go first.
  KafkaPartitions& idle = Start();
  idle.OnAssigned({});
  EXPECT_FALSE(idle.all_at_end());
  env_.AdvanceClock(seconds(30));
  EXPECT_TRUE(idle.all_at_end());
}

TEST_F(KafkaPartitionsTest, PositionThatCannotBeReadIsDamage) {
  KafkaPartitions partitions(config_, "kafka", &env_, &peers_);
  EXPECT_EQ(partitions.Load({{"kafka/readings/0", "{}"}}).code(), StatusCode::kCorrupt);
  EXPECT_EQ(partitions.Load({{"kafka/readings/x", R"({"offset":1})"}}).code(),
            StatusCode::kCorrupt);
}

}  // namespace
}  // namespace avocet
