// OwnedLake: the lake of a configuration in the hands of this process: locked, open, recovered.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/engine/committer.h"
#include "src/engine/lake_tables.h"
#include "src/engine/processor.h"
#include "src/engine/recovery.h"
#include "src/env/env.h"

namespace avocet {

/// Where lock and snapshots are: a local directory.
std::string DataDir(const Config& config);
/// Where a push source keeps its journal.
std::string JournalDir(const Config& config, std::string_view source);
std::string SnapshotDir(const Config& config);
/// The file in which alerts wait for delivery.
std::string OutboxPath(const Config& config);

/// The lock of whoever ingests into the lake. kConflict names the holder.
Result<std::unique_ptr<FileLock>> LockLake(const Config& config, Env* env);
/// The lock of whoever rewrites files on command. Taken after LockLake where both are.
Result<std::unique_ptr<FileLock>> LockTableCare(const Config& config, Env* env);

/// kNotFound when the configuration's lake does not exist.
Status RequireLake(const Config& config, Env* env);

struct OwnedLake {
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<Lake> lake;
  std::unique_ptr<LakeTables> tables;
  std::unique_ptr<StageClock> clock;
  std::unique_ptr<Processor> processor;
  std::unique_ptr<Committer> committer;
  BronzeState bronze;
  RecoveryReport recovery;
};

/// Takes the lock and opens or creates the tables; with `recover`, state and tables are brought to
/// where bronze is. Without, the processor is empty and only what the newest bronze commit names
/// is finished. `config` is borrowed.
Result<OwnedLake> OpenOwnedLake(const Config& config, Env* env, const StepHook& on_step,
                                bool recover);

/// The state after `epoch`, to be published when that is committed. Null, with a warning in the
/// log, when it cannot be written: the next one will do.
std::unique_ptr<UnfinishedSnapshot> WriteState(const Config& config, Env* env, LakeTables* tables,
                                               Processor* processor, int64_t epoch,
                                               const Positions& all_positions);

/// An epoch that follows the newest one, without rows or new positions.
std::unique_ptr<Epoch> NextEpoch(const OwnedLake& owned, Env* env, std::string_view operation);

}  // namespace avocet
