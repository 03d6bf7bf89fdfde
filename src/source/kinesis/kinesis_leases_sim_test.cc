// Several processes share a stream on bad days that a seed chooses: they are killed, paused,
// stopped and started again; the table of leases is away or loses answers. Whatever happens, each
// record is in the bronze table of one of them, once, and no child before the end of its parents.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/env/sim_env.h"
#include "src/source/kinesis/kinesis_leases_testing.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kRecords = 60;  // of each shard

std::string Name(int number) { return "shardId-00000000000" + std::to_string(number); }

// Two shards, one of which splits; a part of it is merged with the other.
std::vector<KinesisShard> Family() {
  return {{.id = Name(0)},
          {.id = Name(1)},
          {.id = Name(2), .parents = {Name(0)}},
          {.id = Name(3), .parents = {Name(0)}},
          {.id = Name(4), .parents = {Name(1), Name(3)}},
          {.id = Name(5), .parents = {Name(2)}}};
}

class Day {
 public:
  explicit Day(uint64_t seed) : env_({.seed = seed}) {
    for (const char* id : {"one", "two", "three"}) {
      workers_.push_back(std::make_unique<LeaseWorker>(id, &table_, &env_));
      workers_.back()->listing = Family();
    }
  }

  void Live() {
    for (int step = 0; step < 800; ++step) Step(/*bad=*/true);
    table_.SetUnreachable(false);
    table_.LoseAnswers(0);
    paused_ = {};
    for (int step = 0; step < 3000 && !AllRead(); ++step) Step(/*bad=*/false);
    for (const KinesisShard& shard : Family()) {
      std::vector<uint64_t> numbers = RowsOf(shard.id);
      std::sort(numbers.begin(), numbers.end());
      std::vector<uint64_t> want(kRecords);
      for (uint64_t i = 0; i < kRecords; ++i) want[i] = i;
      EXPECT_EQ(numbers, want) << shard.id;
    }
  }
  int handovers() const { return handovers_; }
  int kills() const { return kills_; }

 private:
  bool Chance(uint64_t in) { return env_.Random64() % in == 0; }

  void Step(bool bad) {
    env_.AdvanceClock(milliseconds(200 + static_cast<int64_t>(env_.Random64() % 400)));
    if (bad && Chance(60)) table_.SetUnreachable(true);
    if (Chance(20)) table_.SetUnreachable(false);
    if (bad && Chance(10)) table_.LoseAnswers(1);
    for (size_t i = 0; i < workers_.size(); ++i) {
      LeaseWorker& worker = *workers_[i];
      if (!worker.running()) {
        if (!bad || Chance(30)) worker.Start();
      } else if (bad && Chance(120)) {
        paused_[i] = false;
        End(&worker);
      } else {
        if (bad && Chance(60)) paused_[i] = !paused_[i];
        if (!paused_[i]) Work(&worker);
      }
    }
  }

  void End(LeaseWorker* worker) {
    if (Chance(2)) {
      worker->Stop();
    } else {
      worker->Kill();
      ++kills_;
    }
  }

  void Work(LeaseWorker* worker) {
    for (const auto& other : workers_) {
      auto& lake = worker->peers.lakes[other->id()];
      lake.state = other->running() ? PeerLake::State::kBusy : PeerLake::State::kStopped;
      lake.positions = other->running() ? Positions() : other->Published();
    }
    const auto before = worker->reading;
    if (Chance(2)) worker->Advance();
    worker->Obey();
    const auto reading = worker->reading;
    for (const auto& [shard, position] : reading) {
      ExpectParentsRead(shard);
      handovers_ += !before.contains(shard) && position.records > 0 ? 1 : 0;
      const uint64_t left = kRecords - position.records;
      const uint64_t count = Chance(4) ? std::min<uint64_t>(left, env_.Random64() % 3) : 0;
      worker->Deliver(shard, count, count == left);
    }
    if (Chance(6)) worker->Commit();
  }

  void ExpectParentsRead(const std::string& shard) {
    for (const KinesisShard& listed : Family()) {
      if (listed.id != shard) continue;
      for (const std::string& parent : listed.parents) {
        EXPECT_EQ(RowsOf(parent).size(), kRecords) << shard << " before the end of " << parent;
      }
    }
  }

  std::vector<uint64_t> RowsOf(const std::string& shard) const {
    std::vector<uint64_t> numbers;
    for (const auto& worker : workers_) {
      const auto rows = worker->rows.find(shard);
      if (rows == worker->rows.end()) continue;
      numbers.insert(numbers.end(), rows->second.begin(), rows->second.end());
    }
    return numbers;
  }
  bool AllRead() const {
    const auto family = Family();
    return std::all_of(family.begin(), family.end(), [this](const KinesisShard& shard) {
      return RowsOf(shard.id).size() >= kRecords;
    });
  }

  SimEnv env_;
  FakeLeaseTable table_;
  std::vector<std::unique_ptr<LeaseWorker>> workers_;
  std::array<bool, 3> paused_{};
  int handovers_ = 0;
  int kills_ = 0;
};

TEST(KinesisLeasesSim, EachRecordOnceOnAnyDay) {
  int handovers = 0, kills = 0;
  for (uint64_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Day day(seed);
    day.Live();
    handovers += day.handovers();
    kills += day.kills();
  }
  // The days were bad enough.
  EXPECT_GT(handovers, 300);
  EXPECT_GT(kills, 300);
}

}  // namespace
}  // namespace avocet
