// SimPlan: everything that happens in one simulated run, derived from a seed alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/env/sim_fault.h"
#include "src/env/sim_inode.h"

namespace avocet {

/// The engine's settings that may not change a row.
struct SimSettings {
  int64_t tick_records = 4096;
  int threads = 1;
  int64_t commit_rows = 400'000;
  bool commit_always = false;    ///< after each tick, else when there are enough rows
  bool snapshot_always = false;  ///< with each commit, else with the last
  bool care = false;             ///< table care runs in the background
  int64_t checkpoint_commits = 100;
  /// Ingest waits for each commit, so that the run repeats exactly.
  bool in_turn = true;
};

/// What happens from one start of the engine to its end.
struct SimLife {
  // Before the start.
  /// The wall clock is set to this long after the first start of all.
  std::optional<std::chrono::microseconds> clock;
  bool damage_snapshot = false;
  // While it runs.
  std::vector<SimFault> faults;
  int retries_to_mend = 1;              ///< after so many attempts of a commit all faults are gone
  std::optional<uint64_t> disk_space;   ///< bytes that are left, until it is mended
  std::chrono::nanoseconds latency{0};  ///< of each sync
  std::chrono::seconds pause{0};        ///< passes after each commit step
  // The end: at an operation on files, after a commit step, or when all is done.
  std::optional<uint64_t> crash_after_ops;
  std::optional<int> crash_after_steps;
  SimCrash crash = SimCrash::kPowerCut;
};

/// New input and the lives that it takes to get it in; one without trouble follows.
struct SimPhase {
  std::vector<std::pair<std::string, std::string>> appends;  ///< file name and bytes
  std::vector<SimLife> lives;
};

struct SimPlan {
  uint64_t seed = 0;
  std::string config;  ///< YAML
  SimSettings settings;
  std::vector<SimPhase> phases;
  /// File name and offset of each record: the truth that the tables are held against.
  std::set<std::pair<std::string, int64_t>> records;

  /// One line for a report.
  std::string Text() const;
};

SimPlan MakeSimPlan(uint64_t seed);

}  // namespace avocet
