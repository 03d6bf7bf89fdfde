// TableCare: keeps the tables small and quick to open while ingest goes on: compaction of small
// files, Delta checkpoints, cleanup of old log entries, vacuum. One background thread, paced; it
// never blocks ingest and its failures are logged and tried again later.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/config/config.h"
#include "src/engine/lake_tables.h"
#include "src/env/env.h"

namespace avocet {

/// What one pass did, or with `dry_run` would do.
struct CareReport {
  uint64_t compacted_files = 0;  ///< small files merged
  uint64_t compacted_bytes = 0;
  uint64_t runs = 0;  ///< merges, each one commit
  uint64_t written_files = 0;
  uint64_t expired_files = 0;  ///< past the retention of their rows
  uint64_t expired_bytes = 0;
  uint64_t removed_files = 0;  ///< by vacuum
  uint64_t removed_bytes = 0;
  uint64_t removed_log_entries = 0;
};

/// Merges runs of small files that are neighbours in time into files of about the target size.
/// Rows keep their order. Each run is one commit, with the log's conflict check.
Status CompactTable(const Config& config, LakeTables* tables, size_t id, bool dry_run,
                    CareReport* report);

class TableCare {
 public:
  TableCare(const Config* config, Env* env, LakeTables* tables);
  ~TableCare();

  /// Something was committed.
  void Wake();
  /// Finishes the present step and ends the thread.
  void Stop();

 private:
  void Loop();
  void Pass();
  bool Stopping();
  Status Checkpoint(size_t id);
  Status CleanUp(size_t id);

  const Config* config_;
  Env* env_;
  LakeTables* tables_;
  std::array<int64_t, kNumTables> checkpointed_{};  // care thread only
  std::chrono::nanoseconds cleaned_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  bool woken_ = false;     // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
