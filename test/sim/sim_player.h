// SimPlayer: plays a plan on a simulated system, through all its crashes, and judges the result.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/lake_tables.h"
#include "src/env/sim_env.h"
#include "test/sim/sim_plan.h"

namespace avocet {

/// What happened in a play. The test sums it up, to see that trouble is really met.
struct SimTally {
  uint64_t ops = 0;  ///< operations on files
  uint64_t starts = 0;
  uint64_t crashes = 0;
  uint64_t errors = 0;   ///< starts or runs that ended with an error
  uint64_t retries = 0;  ///< attempts of commits after the first
  uint64_t damaged_snapshots = 0;

  void Add(const SimTally& other);
};

class SimPlayer {
 public:
  SimPlayer(const SimPlan& plan, const SimSettings& settings);
  ~SimPlayer();

  /// With its trouble, or straight. Ok when every promise held that one play can show.
  Status Play(bool with_trouble);

  Env* env();
  const Config& config() const { return config_; }
  const SimTally& tally() const { return tally_; }
  static const std::string& LakeRoot();

 private:
  class World;

  Status Configure();
  Status Append(const std::string& name, const std::string& bytes);
  Status Live(const SimLife& life, bool* done);
  Status RunEngine(const SimLife& life);
  Status OnStep(const SimLife& life, std::string_view step, int64_t epoch);
  void Prepare(const SimLife& life);
  void Mend();
  Status DamageSnapshot();
  Status CheckAcknowledged();

  const SimPlan& plan_;
  const SimSettings settings_;
  const std::unique_ptr<World> world_;
  Config config_;
  SimTally tally_;
  std::set<std::string> damaged_;  // snapshots that the plan has damaged

  // Of the present life; the steps come from the thread that commits.
  bool cut_ = false;
  int num_steps_ = 0;
  int num_retries_ = 0;
  std::array<int64_t, kNumTables> acknowledged_{};  // newest epoch that each table said it has
};

}  // namespace avocet
