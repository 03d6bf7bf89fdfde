#include "test/sim/sim_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/engine/engine.h"
#include "src/engine/owned_lake.h"
#include "src/engine/snapshot_file.h"
#include "src/lake/lake.h"
#include "test/lake/table_text.h"
#include "test/sim/sim_verdict.h"

namespace avocet {
namespace {

constexpr const char* kData = "/data";
constexpr std::string_view kCrashed = "the simulation cuts the power";

}  // namespace

// Ends an engine whose system has crashed: its process would be gone.
class SimPlayer::World : public SimEnv {
 public:
  explicit World(SimOptions options) : SimEnv(options) {}
  void SetEngine(Engine* engine) { engine_ = engine; }
  void SleepFor(std::chrono::nanoseconds duration) override {
    SimEnv::SleepFor(duration);
    if (engine_ != nullptr && IsCrashed()) engine_->Stop();
  }

 private:
  Engine* engine_ = nullptr;
};

void SimTally::Add(const SimTally& other) {
  ops += other.ops;
  starts += other.starts;
  crashes += other.crashes;
  errors += other.errors;
  retries += other.retries;
  damaged_snapshots += other.damaged_snapshots;
}

SimPlayer::SimPlayer(const SimPlan& plan, const SimSettings& settings)
    : plan_(plan),
      settings_(settings),
      world_(std::make_unique<World>(SimOptions{.seed = plan.seed})) {}

SimPlayer::~SimPlayer() = default;

Env* SimPlayer::env() { return world_.get(); }

const std::string& SimPlayer::LakeRoot() {
  static const std::string root = "/lake";
  return root;
}

Status SimPlayer::Play(bool with_trouble) {
  AVOCET_RETURN_IF_ERROR(Configure());
  for (const SimPhase& phase : plan_.phases) {
    for (const auto& [name, bytes] : phase.appends) AVOCET_RETURN_IF_ERROR(Append(name, bytes));
    bool done = false;
    for (size_t i = 0; with_trouble && i < phase.lives.size(); ++i) {
      AVOCET_RETURN_IF_ERROR(Live(phase.lives[i], &done));
      // Before its first commit a lake is being made, and what is there of it is not damage.
      if (acknowledged_[kBronze] == 0) continue;
      AVOCET_RETURN_IF_ERROR(CheckFsck(config_, env(), damaged_, /*warnings=*/false));
    }
    done = false;
    AVOCET_RETURN_IF_ERROR(Live({}, &done));
    if (!done) return Status::Internal("a run without trouble does not come to its end");
    AVOCET_RETURN_IF_ERROR(CheckLake(env(), LakeRoot()));
    AVOCET_RETURN_IF_ERROR(CheckFsck(config_, env(), damaged_, /*warnings=*/true));
  }
  AVOCET_RETURN_IF_ERROR(CheckRecords(env(), LakeRoot(), plan_));
  return CheckMonotone(env(), LakeRoot());
}

Status SimPlayer::Configure() {
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  LoadedConfig loaded = ParseConfig(plan_.config, "simulation", nothing, DetectorSpecs());
  if (!loaded.errors.empty()) {
    return Status::Config(FormatErrors(loaded.errors, "simulation", plan_.config));
  }
  config_ = std::move(loaded.config);
  StorageConfig& storage = config_.storage;
  storage.lake = LakeRoot();
  storage.commit_rows = settings_.commit_rows;
  if (settings_.commit_always) storage.commit_interval = Duration(0);
  if (settings_.snapshot_always) storage.snapshot_interval = Duration(0);
  storage.care_enabled = settings_.care;
  storage.care_interval = std::chrono::milliseconds(1);
  storage.compact_min_files = 3;
  storage.checkpoint_commits = settings_.checkpoint_commits;
  storage.log_retention = Duration(0);
  config_.engine.threads = settings_.threads;
  config_.engine.tick_records = settings_.tick_records;
  return Status::Ok();
}

Status SimPlayer::Append(const std::string& name, const std::string& bytes) {
  AVOCET_RETURN_IF_ERROR(world_->MakeDirectories(kData));
  const std::string path = std::string(kData) + "/" + name;
  std::string content;
  if (world_->Stat(path).ok()) {
    AVOCET_ASSIGN_OR_RETURN(content, world_->ReadFile(path));
  }
  // Written again under the same identity, as no engine is looking.
  AVOCET_ASSIGN_OR_RETURN(const auto file, world_->OpenForWrite(path));
  AVOCET_RETURN_IF_ERROR(file->Append(content + bytes));
  AVOCET_RETURN_IF_ERROR(file->Sync());
  AVOCET_RETURN_IF_ERROR(file->Close());
  return world_->SyncDirectory(kData);
}

void SimPlayer::Prepare(const SimLife& life) {
  cut_ = false;
  num_steps_ = num_retries_ = 0;
  if (life.clock) world_->SetNowMicros(SimOptions().start_us + life.clock->count());
  for (const SimOp op : {SimOp::kSync, SimOp::kSyncDirectory}) world_->SetLatency(op, life.latency);
  for (const SimFault& fault : life.faults) world_->InjectFault(fault);
  if (life.disk_space) world_->SetDiskCapacity(world_->used_bytes() + *life.disk_space);
  if (life.crash_after_ops) world_->CrashAfterOps(*life.crash_after_ops);
}

void SimPlayer::Mend() {
  world_->ClearFaults();
  world_->SetDiskCapacity(std::nullopt);
}

Status SimPlayer::Live(const SimLife& life, bool* done) {
  if (life.damage_snapshot) AVOCET_RETURN_IF_ERROR(DamageSnapshot());
  Prepare(life);
  const uint64_t ops_before = world_->ops();
  const Status status = RunEngine(life);
  tally_.ops += world_->ops() - ops_before;
  ++tally_.starts;
  const bool crashed = cut_ || world_->IsCrashed();
  Mend();
  world_->SetEngine(nullptr);
  tally_.crashes += crashed ? 1 : 0;
  tally_.retries += static_cast<uint64_t>(num_retries_);
  // The power goes in any case, at the latest when all is done.
  world_->Crash(life.crash);
  *done = status.ok() && !crashed;
  AVOCET_RETURN_IF_ERROR(CheckAcknowledged());
  if (crashed || status.ok()) return Status::Ok();
  ++tally_.errors;
  if (life.faults.empty() && !life.disk_space) return status.WithContext("without a fault");
  return CheckMessage(status.message());
}

Status SimPlayer::RunEngine(const SimLife& life) {
  const StepHook on_step = [&](std::string_view step, int64_t epoch) {
    return OnStep(life, step, epoch);
  };
  AVOCET_ASSIGN_OR_RETURN(
      const auto engine,
      Engine::Open(config_, world_.get(),
                   {.once = true, .on_step = on_step, .in_turn = settings_.in_turn}));
  world_->SetEngine(engine.get());
  return engine->Run();
}

Status SimPlayer::OnStep(const SimLife& life, std::string_view step, int64_t epoch) {
  const Status cancelled = Status::Cancelled(std::string(kCrashed));
  if (cut_ || world_->IsCrashed()) return cancelled;
  if (step == "retry") {
    if (++num_retries_ >= life.retries_to_mend) Mend();
    return Status::Ok();
  }
  for (size_t id = 0; id < kNumTables; ++id) {
    if (TableName(id) == step) acknowledged_[id] = std::max(acknowledged_[id], epoch);
  }
  world_->AdvanceClock(life.pause);
  ++num_steps_;
  cut_ = life.crash_after_steps && num_steps_ >= *life.crash_after_steps;
  return cut_ ? cancelled : Status::Ok();
}

Status SimPlayer::DamageSnapshot() {
  const std::string directory = SnapshotDir(config_);
  AVOCET_ASSIGN_OR_RETURN(const auto epochs, ListSnapshots(env(), directory));
  if (epochs.empty()) return Status::Ok();
  SimRandom random(plan_.seed + static_cast<uint64_t>(epochs.front()));
  const std::string path = fmt::format("{}/{:012}.snapshot", directory, epochs.front());
  AVOCET_ASSIGN_OR_RETURN(const FileInfo info, env()->Stat(path));
  damaged_.insert(path);
  ++tally_.damaged_snapshots;
  if (random.Chance(0.3)) return world_->TruncateFile(path, random.Below(info.size_bytes));
  return world_->CorruptByte(path, random.Below(info.size_bytes),
                             static_cast<uint8_t>(1 + random.Below(255)));
}

// What a table has said to have survives whatever came then.
Status SimPlayer::CheckAcknowledged() {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::OpenLocal(env(), LakeRoot()));
  for (size_t id = 0; id < kNumTables; ++id) {
    if (acknowledged_[id] == 0) continue;
    const std::string name(TableName(id));
    AVOCET_ASSIGN_OR_RETURN(const auto table, lake->OpenTable(TablePath(name)));
    AVOCET_ASSIGN_OR_RETURN(const int64_t epoch, table->TxnVersion(std::string(kAppId)));
    if (epoch >= acknowledged_[id]) continue;
    return Status::Corrupt(fmt::format("{} had committed epoch {} and lost it: it ends at {}", name,
                                       acknowledged_[id], epoch));
  }
  return Status::Ok();
}

}  // namespace avocet
