// Recovery: brings state and tables to where bronze is. Bronze is the log; this replays it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/engine/commit_info.h"
#include "src/engine/committer.h"
#include "src/engine/lake_tables.h"
#include "src/engine/processor.h"
#include "src/engine/snapshot_file.h"
#include "src/env/env.h"

namespace avocet {

/// Where bronze stands, from its newest commits.
struct BronzeState {
  CommitInfo last;      ///< newest commit of avocet; all zero for an empty lake
  Positions positions;  ///< all of them
};

/// Reads the newest commits of bronze back to one with all positions. `snapshot_positions` gives
/// those of a snapshot whose epoch is `snapshot_epoch` (-1: none), for logs that were cleaned up.
Result<BronzeState> ReadBronzeState(Table* bronze, const Positions& snapshot_positions,
                                    int64_t snapshot_epoch);

/// The newest commit of avocet in bronze, of epoch 0 when there is none in the log.
Result<CommitInfo> NewestCommit(Table* bronze);

/// Whether a crash, or a commit that is going on, leaves files of the table named in bronze only.
Result<bool> IsUnfinished(LakeTables* tables, const CommitInfo& newest, size_t id);

/// Makes the commits that the newest bronze commit names and a crash has prevented. The first step
/// of Recover.
Status FinishCommits(LakeTables* tables, const CommitInfo& last);

struct RecoveryReport {
  int64_t epoch = 0;           ///< newest epoch of bronze
  int64_t snapshot_epoch = 0;  ///< state was loaded from here; 0: none
  int64_t replayed_rows = 0;
  int64_t repaired_epochs = 0;  ///< committed to tables that were behind
};

/// A snapshot that may be used; epoch 0 when there is none.
struct UsableSnapshot {
  std::optional<SnapshotReader> reader;
  int64_t epoch = 0;
  CommitInfo info;
};

/// Everything Recover works on. Pointers are borrowed.
struct RecoveryContext {
  const Config* config = nullptr;
  Env* env = nullptr;
  LakeTables* tables = nullptr;
  Processor* processor = nullptr;
  Committer* committer = nullptr;
  std::string snapshot_dir;
  UsableSnapshot newest;
  BronzeState bronze;
};

/// The newest snapshot that is whole and was made by this configuration over this bronze table;
/// others are skipped with a warning in the log.
UsableSnapshot FindSnapshot(Env* env, const std::string& dir, const Config& config,
                            const std::string& bronze_id, int64_t newest_epoch);

/// Loads state, replays bronze, commits what silver and gold lack.
Result<RecoveryReport> Recover(RecoveryContext context);

}  // namespace avocet
