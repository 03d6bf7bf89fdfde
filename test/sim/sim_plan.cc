#include "test/sim/sim_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "test/sim/fleet.h"

namespace avocet {
namespace {

constexpr std::string_view kDetectors[] = {
    "{type: zscore, min_samples: 5, sigma: 2}",
    "{name: windowed, type: zscore, min_samples: 4, sigma: 2.5, window: 16}",
    "{type: threshold, metrics: [temperature], max: 40, warn_max: 30}",
    "{type: rate_of_change, metrics: [humidity], max_per_second: 0.5}",
    "{type: mad, window: 9, min_samples: 5}",
    "{type: ewma, alpha: 0.3, sigma: 2, min_samples: 4}",
    "{type: stuck, metrics: [temperature], duration: 1m, min_samples: 3}",
    "{type: missing, period: 2m, periods: 3}",
};
constexpr std::string_view kActions[] = {"warn", "nullify", "drop"};
constexpr std::string_view kLateness[] = {"0s", "10m", "1h"};
constexpr std::string_view kPaths[] = {"",
                                       "*.parquet",
                                       "*/_delta_log/*",
                                       "*/_delta_log/*.json",
                                       "*/sensor_readings/*",
                                       "*/sensor_readings/_delta_log/*",
                                       "*/quarantine/*",
                                       "*/valid_readings/*",
                                       "*/anomalies/*",
                                       "*/device_stats/*",
                                       "*/device_health/*",
                                       "*/snapshots/*",
                                       "*/_avocet/*",
                                       "/data/*"};
constexpr int kErrors[] = {EIO, ENOSPC, EACCES};

class PlanMaker {
 public:
  explicit PlanMaker(uint64_t seed) : random_(seed) { plan_.seed = seed; }

  SimPlan Make() {
    plan_.config = Configuration();
    plan_.settings = Settings();
    Fleet fleet(random_.Next());
    const uint64_t num_phases = 1 + random_.Below(3);
    for (uint64_t i = 0; i < num_phases; ++i) {
      SimPhase phase;
      AddInput(&fleet, &phase);
      const uint64_t num_lives = random_.Below(4);
      for (uint64_t life = 0; life < num_lives; ++life) phase.lives.push_back(Life());
      plan_.phases.push_back(std::move(phase));
    }
    return std::move(plan_);
  }

 private:
  template <typename T, size_t kSize>
  const T& OneOf(const T (&choices)[kSize]) {
    return choices[random_.Below(kSize)];
  }

  /// Small numbers are as likely as large ones.
  uint64_t Magnitude(uint64_t most_bits) { return random_.Below(2ULL << random_.Below(most_bits)); }

  std::string Configuration() {
    std::string yaml =
        "sources:\n"
        "  - {name: hall, file: {path: \"/data/hall-*.ndjson\", format: ndjson}}\n"
        "  - {name: yard, file: {path: \"/data/yard-*.ndjson\", format: ndjson}}\n";
    yaml += fmt::format(
        "schema:\n  evolve: {}\n  metrics:\n"
        "    temperature: {{range: [-40, 85], on_invalid: {}}}\n"
        "    humidity: {{max_rate: {}, on_invalid: {}}}\n",
        random_.Chance(0.5), OneOf(kActions), 1 + random_.Below(20), OneOf(kActions));
    yaml += fmt::format("windows: {{rolling: {}, allowed_lateness: {}}}\n",
                        random_.Chance(0.5) ? "5m" : "90s", OneOf(kLateness));
    yaml += "detectors:\n";
    for (const std::string_view detector : kDetectors) {
      if (random_.Chance(0.4)) yaml += fmt::format("  - {}\n", detector);
    }
    return yaml + "  - {name: always, type: threshold, max: 45}\n";
  }

  SimSettings Settings() {
    SimSettings settings;
    constexpr int64_t kTicks[] = {1, 3, 7, 20, 64, 4096};
    settings.tick_records = OneOf(kTicks);
    settings.commit_rows = static_cast<int64_t>(5 + Magnitude(7));
    settings.commit_always = random_.Chance(0.1) && settings.tick_records >= 20;
    settings.snapshot_always = random_.Chance(0.5);
    settings.in_turn = random_.Chance(0.6);
    if (settings.in_turn) return settings;
    settings.threads = static_cast<int>(1 + random_.Below(4));
    settings.care = random_.Chance(0.6);
    settings.checkpoint_commits = static_cast<int64_t>(2 + random_.Below(8));
    return settings;
  }

  void AddInput(Fleet* fleet, SimPhase* phase) {
    const uint64_t num_files = (plan_.phases.empty() ? 2 : 1) + random_.Below(3);
    for (uint64_t i = 0; i < num_files; ++i) {
      std::string name =
          fmt::format("{}-{}.ndjson", random_.Chance(0.7) ? "hall" : "yard", random_.Below(4));
      // A pattern that matches nothing is a mistake of the configuration.
      if (plan_.phases.empty() && i < 2) name = i == 0 ? "hall-0.ndjson" : "yard-0.ndjson";
      std::string bytes;
      const uint64_t num_lines = 5 + random_.Below(60);
      for (uint64_t line = 0; line < num_lines; ++line) {
        const std::string text = fleet->NextLine();
        const int64_t offset = sizes_[name];
        if (text != "\n") plan_.records.emplace(name, offset);
        sizes_[name] += static_cast<int64_t>(text.size());
        bytes += text;
      }
      phase->appends.emplace_back(name, std::move(bytes));
    }
  }

  SimFault Fault() {
    SimFault fault;
    switch (random_.Below(5)) {
      case 0:
        fault.ops = {SimOp::kAppend, SimOp::kOpenForWrite};
        break;
      case 1:
        fault.ops = {SimOp::kSync, SimOp::kSyncDirectory};
        break;
      case 2:
        fault.ops = {SimOp::kLink, SimOp::kRename};
        break;
      case 3:
        fault.ops = {SimOp::kRead, SimOp::kOpenForRead, SimOp::kStat, SimOp::kList};
        break;
      default:
        break;
    }
    fault.path_pattern = OneOf(kPaths);
    fault.error_number = OneOf(kErrors);
    fault.skip = static_cast<int64_t>(Magnitude(9));
    fault.count = random_.Chance(0.3) ? SimFault::kForever : static_cast<int64_t>(1 + Magnitude(2));
    fault.probability = random_.Chance(0.7) ? 1 : 0.3;
    fault.takes_effect = random_.Chance(0.3);
    return fault;
  }

  SimLife Life() {
    SimLife life;
    // Less than max_future, so that no step of the clock changes what is in the future.
    if (random_.Chance(0.2)) {
      const auto minutes = static_cast<int64_t>(random_.Below(360)) - 180;
      life.clock = std::chrono::minutes(minutes);
    }
    life.damage_snapshot = random_.Chance(0.25);
    const uint64_t num_faults = random_.Chance(0.5) ? 1 + random_.Below(3) : 0;
    for (uint64_t i = 0; i < num_faults; ++i) life.faults.push_back(Fault());
    life.retries_to_mend = static_cast<int>(1 + random_.Below(6));
    if (random_.Chance(0.1)) life.disk_space = random_.Below(60'000);
    if (random_.Chance(0.2)) life.latency = std::chrono::milliseconds(Magnitude(10));
    if (random_.Chance(0.1)) life.pause = std::chrono::minutes(random_.Below(90));
    if (random_.Chance(0.6)) life.crash_after_ops = Magnitude(11);
    if (random_.Chance(0.2)) life.crash_after_steps = static_cast<int>(1 + Magnitude(4));
    constexpr SimCrash kCrashes[] = {SimCrash::kPowerCut, SimCrash::kPowerCut,
                                     SimCrash::kLoseUnsynced, SimCrash::kProcessKill};
    life.crash = OneOf(kCrashes);
    return life;
  }

  SimRandom random_;
  SimPlan plan_;
  std::map<std::string, int64_t> sizes_;  // bytes of each file so far
};

}  // namespace

std::string SimPlan::Text() const {
  size_t num_lives = 0;
  for (const SimPhase& phase : phases) num_lives += phase.lives.size();
  return fmt::format(
      "{} records in {} phases, {} troubled lives; tick {} threads {} commit_rows {}{}{}{}{}",
      records.size(), phases.size(), num_lives, settings.tick_records, settings.threads,
      settings.commit_rows, settings.commit_always ? " commit_always" : "",
      settings.snapshot_always ? " snapshots" : "", settings.care ? " care" : "",
      settings.in_turn ? " in_turn" : "");
}

SimPlan MakeSimPlan(uint64_t seed) { return PlanMaker(seed).Make(); }

}  // namespace avocet
