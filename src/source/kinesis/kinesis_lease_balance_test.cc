#include "src/source/kinesis/kinesis_lease_balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/env/sim_env.h"

namespace avocet {
namespace {

// One letter for each lease: its owner, or '.' for nobody.
std::vector<LeaseShare> Shares(const std::string& owners) {
  std::vector<LeaseShare> leases;
  for (size_t i = 0; i < owners.size(); ++i) {
    const bool free = owners[i] == '.';
    leases.push_back({std::to_string(i), free ? "" : std::string(1, owners[i]), free});
  }
  return leases;
}

size_t Taken(const std::string& owners, const std::string& self) {
  SimEnv env;
  return LeasesToTake(Shares(owners), self, &env).size();
}

TEST(LeasesToTake, AloneItTakesAllThatAreFree) {
  EXPECT_EQ(Taken("....", "a"), 4u);
  EXPECT_EQ(Taken("aa..", "a"), 2u);
  EXPECT_EQ(Taken("aaaa", "a"), 0u);
  EXPECT_EQ(Taken("", "a"), 0u);
}

TEST(LeasesToTake, FreeOnesUpToAFairShare) {
  EXPECT_EQ(Taken("b....", "a"), 3u);
  EXPECT_EQ(Taken("bbbb.", "a"), 1u) << "no stealing while some are free";
  EXPECT_EQ(Taken("aaab.", "a"), 0u);
}

TEST(LeasesToTake, StealsWhatIsMissingFromWhoeverHasTheMost) {
  EXPECT_EQ(Taken("bbbb", "a"), 2u);
  EXPECT_EQ(Taken("bbba", "a"), 1u);
  EXPECT_EQ(Taken("bbaa", "a"), 0u);
  EXPECT_EQ(Taken("bba", "a"), 0u) << "it would only turn the shares around";
  EXPECT_EQ(Taken("bbcc", "a"), 1u) << "it has none";
  EXPECT_EQ(Taken("bcd", "a"), 0u) << "more workers than shards";
  SimEnv env;
  for (const std::string& shard : LeasesToTake(Shares("bbbbbc"), "a", &env)) {
    EXPECT_NE(shard, "5");
  }
}

// However many workers and shards there are, and in whatever order they look: they come to rest,
// and then nobody has two more than another.
TEST(LeasesToTake, ComesToRestInBalance) {
  SimEnv env({.seed = 11});
  for (int round = 0; round < 200; ++round) {
    const size_t workers = 1 + env.Random64() % 6;
    std::vector<LeaseShare> leases(env.Random64() % 20);
    for (size_t i = 0; i < leases.size(); ++i) {
      leases[i].shard = std::to_string(i);
      leases[i].free = env.Random64() % 3 == 0;
      if (!leases[i].free) leases[i].owner = std::to_string(env.Random64() % workers);
    }
    size_t moves = 0, quiet = 0;
    for (size_t turn = env.Random64() % workers; quiet < workers; ++turn) {
      const std::string self = std::to_string(turn % workers);
      const auto taken = LeasesToTake(leases, self, &env);
      quiet = taken.empty() ? quiet + 1 : 0;
      moves += taken.size();
      ASSERT_LT(moves, 200u) << "they take from each other for ever";
      for (const std::string& shard : taken) leases[std::stoul(shard)] = {shard, self, false};
    }
    std::vector<size_t> held(workers);
    for (const LeaseShare& lease : leases) {
      ASSERT_FALSE(lease.free);
      ++held[std::stoul(lease.owner)];
    }
    const auto [fewest, most] = std::minmax_element(held.begin(), held.end());
    EXPECT_LE(*most - *fewest, 1u);
  }
}

}  // namespace
}  // namespace avocet
