#include "src/engine/owned_lake.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "src/base/s3_url.h"
#include "src/base/time_format.h"
#include "src/engine/decision_keeper.h"
#include "src/engine/fingerprint.h"
#include "src/engine/snapshot_file.h"

namespace avocet {
namespace {

Result<std::unique_ptr<FileLock>> LockIn(const Config& config, Env* env, const char* name) {
  const std::string dir = DataDir(config);
  AVOCET_RETURN_IF_ERROR(env->MakeDirectories(dir));
  return env->Lock(dir + "/" + name,
                   fmt::format("process {} on {}, since {}", env->ProcessId(), env->HostName(),
                               FormatTimestamp(env->NowMicros())));
}

// Snapshots of epochs that bronze does not have belong to a lake that was restored since. Their
// epochs will come again with other rows.
Status RemoveForeignSnapshots(Env* env, const std::string& dir, int64_t newest_epoch) {
  AVOCET_ASSIGN_OR_RETURN(const auto epochs, ListSnapshots(env, dir));
  for (const int64_t epoch : epochs) {
    if (epoch <= newest_epoch) continue;
    spdlog::warn("snapshot {} is newer than bronze, which ends at epoch {}: it is removed", epoch,
                 newest_epoch);
    AVOCET_RETURN_IF_ERROR(RemoveSnapshot(env, dir, epoch));
  }
  return Status::Ok();
}

}  // namespace

std::string DataDir(const Config& config) {
  const StorageConfig& storage = config.storage;
  if (!storage.data_dir.empty()) return storage.data_dir;
  if (!IsS3Url(storage.lake)) return storage.lake + "/_avocet";
  std::string place = storage.lake.substr(storage.lake.find("://") + 3);
  while (place.ends_with('/')) place.pop_back();
  return "avocet-data/" + place;
}

std::string JournalDir(const Config& config, std::string_view source) {
  return DataDir(config) + "/journal/" + std::string(source);
}

std::string SnapshotDir(const Config& config) { return DataDir(config) + "/snapshots"; }

std::string OutboxPath(const Config& config) { return DataDir(config) + "/alerts.db"; }

Result<std::unique_ptr<FileLock>> LockLake(const Config& config, Env* env) {
  return LockIn(config, env, "LOCK");
}

Result<std::unique_ptr<FileLock>> LockTableCare(const Config& config, Env* env) {
  return LockIn(config, env, "CARE.LOCK");
}

Status RequireLake(const Config& config, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  const std::string log = BronzeSpec().Path(config.storage.catalog) + "/_delta_log";
  AVOCET_ASSIGN_OR_RETURN(const bool there, lake->store().HasFolder(log));
  if (there) return Status::Ok();
  return Status::NotFound(
      fmt::format("cannot find a lake: {} does not exist; lake and catalog come from the "
                  "configuration, or give --lake",
                  lake->store().Shown(log)));
}

Result<OwnedLake> OpenOwnedLake(const Config& config, Env* env, const StepHook& on_step,
                                bool recover) {
  OwnedLake owned;
  AVOCET_ASSIGN_OR_RETURN(owned.lock, LockLake(config, env));
  AVOCET_ASSIGN_OR_RETURN(owned.lake, Lake::Open(env, config.storage));
  AVOCET_RETURN_IF_ERROR(owned.lake->store().CheckCreateNew());
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables,
                          LakeTables::Open(owned.lake.get(), config, ConfiguredMetrics(config)));
  owned.tables = std::make_unique<LakeTables>(std::move(tables));
  owned.clock = std::make_unique<StageClock>(env);
  owned.processor = std::make_unique<Processor>(config, owned.tables->layout(), NumThreads(config),
                                                owned.clock.get());
  AVOCET_ASSIGN_OR_RETURN(const Decisions decisions, ReadDecisions(config, env));
  owned.processor->set_decisions(decisions);

  const std::string snapshot_dir = SnapshotDir(config);
  Table& bronze = owned.tables->table(kBronze);
  AVOCET_ASSIGN_OR_RETURN(const int64_t newest, bronze.TxnVersion(std::string(kAppId)));
  AVOCET_RETURN_IF_ERROR(RemoveForeignSnapshots(env, snapshot_dir, newest));
  AVOCET_RETURN_IF_ERROR(RemoveUnfinishedSnapshots(env, snapshot_dir));
  AVOCET_ASSIGN_OR_RETURN(const std::string bronze_id, owned.tables->BronzeId());
  UsableSnapshot snapshot =
      FindSnapshot(env, snapshot_dir, config, bronze_id, std::numeric_limits<int64_t>::max());
  AVOCET_ASSIGN_OR_RETURN(owned.bronze, ReadBronzeState(&bronze, snapshot.info.positions,
                                                        snapshot.epoch > 0 ? snapshot.epoch : -1));
  owned.committer = std::make_unique<Committer>(
      CommitterOptions{.config = &config,
                       .env = env,
                       .tables = owned.tables.get(),
                       .clock = owned.clock.get(),
                       .on_step = on_step,
                       .num_threads = std::min<size_t>(2, NumThreads(config))},
      owned.bronze.last);
  if (!recover) {
    AVOCET_RETURN_IF_ERROR(FinishCommits(owned.tables.get(), owned.bronze.last));
    return owned;
  }
  AVOCET_ASSIGN_OR_RETURN(owned.recovery, Recover({.config = &config,
                                                   .env = env,
                                                   .tables = owned.tables.get(),
                                                   .processor = owned.processor.get(),
                                                   .committer = owned.committer.get(),
                                                   .snapshot_dir = snapshot_dir,
                                                   .newest = std::move(snapshot),
                                                   .bronze = owned.bronze}));
  return owned;
}

std::unique_ptr<UnfinishedSnapshot> WriteState(const Config& config, Env* env, LakeTables* tables,
                                               Processor* processor, int64_t epoch,
                                               const Positions& all_positions) {
  const auto write = [&]() -> Result<std::unique_ptr<UnfinishedSnapshot>> {
    AVOCET_ASSIGN_OR_RETURN(std::string bronze_id, tables->BronzeId());
    CommitInfo info;
    info.epoch = epoch;
    info.all_positions = true;
    info.positions = all_positions;
    const int64_t fleet_time_us = processor->fleet_time_us();
    const SnapshotHeader header{.fingerprint = StateFingerprint(config, fleet_time_us),
                                .bronze_id = std::move(bronze_id),
                                .epoch = epoch,
                                .fleet_time_us = fleet_time_us,
                                .metrics = processor->metrics(),
                                .commit_info = EncodeCommitInfo(info)};
    AVOCET_ASSIGN_OR_RETURN(auto snapshot,
                            UnfinishedSnapshot::Create(env, SnapshotDir(config), epoch));
    SnapshotWriter writer([&](std::string_view bytes) { return snapshot->Append(bytes); });
    AVOCET_RETURN_IF_ERROR(processor->SaveState(header, &writer));
    return snapshot;
  };
  auto written = write();
  if (written.ok()) return std::move(written).value();
  spdlog::warn("cannot write a state snapshot: {}", written.status().message());
  return nullptr;
}

std::unique_ptr<Epoch> NextEpoch(const OwnedLake& owned, Env* env, std::string_view operation) {
  const CommitInfo last = owned.committer->last();
  auto epoch = MakeEpoch(owned.tables->layout(), owned.processor->metrics(), last.epoch + 1,
                         last.next_sequence);
  epoch->received_us = std::max(last.received_us, env->NowMicros());
  epoch->operation = operation;
  epoch->totals = last.totals;
  // The log before this epoch may be cleaned up, so it holds all that a start needs.
  epoch->all_positions = epoch->has_positions = true;
  epoch->positions = owned.bronze.positions;
  return epoch;
}

}  // namespace avocet
