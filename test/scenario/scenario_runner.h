// ScenarioRunner: plays a scenario once, on a simulated system, in one variant.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/sim_env.h"
#include "test/scenario/scenario.h"

namespace avocet {

/// How a scenario is played. No variant may change a row.
struct ScenarioVariant {
  int64_t tick_records = 4096;
  int threads = 1;
  int64_t commit_rows = 400'000;
  bool snapshot_always = false;  ///< with each commit, else with the last
  /// Whether the power is cut after the commit step with this number, counted from 1 over the whole
  /// scenario, recovery included.
  std::function<bool(int64_t step)> crash_after;
  SimCrash crash = SimCrash::kPowerCut;
  bool compact = false;  ///< merge all small files after each run and each crash

  std::string Text() const;
};

class ScenarioRunner {
 public:
  ScenarioRunner(const Scenario& scenario, const ScenarioVariant& variant);

  /// Ok when every expectation holds; otherwise what differs, with the line.
  Status Play();
  /// Commit steps of the play.
  int64_t num_steps() const { return num_steps_; }

 private:
  Status Do(const ScenarioStep& step);
  Status Configure(const std::string& yaml);
  Status Write(const std::string& name, const std::string& bytes, bool append);
  Status RunUntilDone(bool once);
  Status RunOnce(bool once);
  Status Compact();
  Status Expect(const ScenarioStep& step);
  Status ExpectRows(const std::string& table, const std::string& text);
  Status ExpectColumns(const std::string& table, const std::string& text);
  Status ExpectCounters(const std::string& text);

  const Scenario& scenario_;
  const ScenarioVariant variant_;
  std::unique_ptr<SimEnv> env_;
  Config config_;
  Status run_status_;       // of the last run
  bool run_judged_ = true;  // an error of a run must be expected
  std::string counters_;    // of the last run, as lines "name value"
  int64_t num_steps_ = 0;
};

}  // namespace avocet
