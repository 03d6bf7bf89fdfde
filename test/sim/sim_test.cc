// The simulation: for each seed a fleet, a configuration and a schedule of trouble. Environment:
// AVOCET_SIM_SEEDS (how many), AVOCET_SIM_SEED (only this one), AVOCET_TEST_LOG (show the log).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "test/sim/sim_plan.h"
#include "test/sim/sim_player.h"
#include "test/sim/sim_verdict.h"

namespace avocet {
namespace {

uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Reads the log instead of a person, who must learn from it what hinders commits.
class ReadLog : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Ok, or which message since the last call says too little.
  Status Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(status_, Status::Ok());
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text(message.payload.data(), message.payload.size());
    if (!text.starts_with("cannot commit") || text.find("simulated crash") != text.npos) return;
    if (status_.ok()) status_ = CheckMessage(text);
  }
  void flush_() override {}

  Status status_;  // guarded by mutex_
};

const std::shared_ptr<ReadLog>& Log() {
  static const auto log = std::make_shared<ReadLog>();
  return log;
}

// Plays the seed with its trouble and straight, with other settings, and compares.
Status PlaySeed(uint64_t seed, SimTally* tally) {
  const SimPlan plan = MakeSimPlan(seed);
  SimPlayer straight(plan, SimSettings());
  AVOCET_RETURN_IF_ERROR(straight.Play(/*with_trouble=*/false).WithContext("straight"));
  SimPlayer troubled(plan, plan.settings);
  const Status status = troubled.Play(/*with_trouble=*/true);
  tally->Add(troubled.tally());
  AVOCET_RETURN_IF_ERROR(status);
  AVOCET_RETURN_IF_ERROR(Log()->Take());
  return CompareLakes(troubled.env(), straight.env(), SimPlayer::LakeRoot());
}

void ExpectSeedHolds(uint64_t seed, SimTally* tally) {
  const Status status = PlaySeed(seed, tally);
  EXPECT_TRUE(status.ok()) << "AVOCET_SIM_SEED=" << seed << ": " << status.message() << "\n  "
                           << MakeSimPlan(seed).Text();
}

TEST(Simulation, PromisesHoldForEachSeed) {
  SimTally tally;
  if (const uint64_t seed = NumberFromEnvironment("AVOCET_SIM_SEED", 0); seed != 0) {
    ExpectSeedHolds(seed, &tally);
    return;
  }
  const uint64_t num_seeds = NumberFromEnvironment("AVOCET_SIM_SEEDS", AVOCET_SIM_SEEDS);
  for (uint64_t seed = 1; seed <= num_seeds; ++seed) ExpectSeedHolds(seed, &tally);
  const std::string text = fmt::format(
      "{} seeds: {} starts, {} crashes, {} errors, {} retries, {} damaged snapshots, {} operations",
      num_seeds, tally.starts, tally.crashes, tally.errors, tally.retries, tally.damaged_snapshots,
      tally.ops);
  fmt::print("{}\n", text);
  // Trouble that is never met proves nothing.
  EXPECT_GE(tally.crashes, num_seeds / 2) << text;
  EXPECT_GE(tally.errors + tally.retries, num_seeds / 4) << text;
}

// What makes a failing seed worth its number.
TEST(Simulation, SeedInTurnRepeatsExactly) {
  int num_repeated = 0;
  for (uint64_t seed = 1; num_repeated < 3; ++seed) {
    const SimPlan plan = MakeSimPlan(seed);
    if (!plan.settings.in_turn) continue;
    ++num_repeated;
    SimTally first, second;
    EXPECT_TRUE(PlaySeed(seed, &first).ok());
    EXPECT_TRUE(PlaySeed(seed, &second).ok());
    EXPECT_EQ(first.ops, second.ops) << "AVOCET_SIM_SEED=" << seed;
    EXPECT_EQ(first.crashes, second.crashes) << "AVOCET_SIM_SEED=" << seed;
    EXPECT_EQ(first.retries, second.retries) << "AVOCET_SIM_SEED=" << seed;
  }
}

}  // namespace
}  // namespace avocet

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // The log tells of each crash; AVOCET_TEST_LOG shows it.
  if (std::getenv("AVOCET_TEST_LOG") == nullptr) spdlog::default_logger()->sinks().clear();
  spdlog::default_logger()->sinks().push_back(avocet::Log());
  return RUN_ALL_TESTS();
}
