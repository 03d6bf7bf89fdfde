// Committer: makes epochs visible in the tables, in order, on its own thread.
//
// Order within an epoch: data files of all tables (durable, invisible), bronze, quarantine, silver,
// anomalies, device_stats, device_health, alerts, then the state snapshot. What the world may mend
// (disk full, rights, I/O) is retried with backoff, with the problem told; ingest then waits
// because the queue is full. Not so the snapshot, for which nothing waits.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "src/base/thread_pool.h"
#include "src/config/config.h"
#include "src/engine/commit_info.h"
#include "src/engine/epoch.h"
#include "src/engine/lake_tables.h"
#include "src/engine/stage_clock.h"
#include "src/env/env.h"

namespace avocet {

/// Called after named steps ("files", "bronze", "silver", ..., "snapshot") and, instead of a pause,
/// before one is tried again ("retry"); an error stops the engine at that point, as a crash would.
/// For tests.
using StepHook = std::function<Status(std::string_view step, int64_t epoch)>;

/// What an epoch has become in one table.
struct TableCommit {
  int64_t version = -1;  ///< of the table; below zero: nothing was committed
  int64_t rows = 0;      ///< appended
};

/// What an epoch has become in all tables.
struct EpochCommit {
  int64_t epoch = 0;
  std::string operation;
  std::array<TableCommit, kNumTables> tables;
};

struct CommitterOptions {
  const Config* config = nullptr;
  Env* env = nullptr;
  LakeTables* tables = nullptr;
  StageClock* clock = nullptr;
  StepHook on_step;
  size_t num_threads = 2;  ///< that write the files of an epoch
  /// Epochs that wait for the committer; Submit blocks beyond.
  size_t queue_limit = 1;
};

class Committer {
 public:
  /// `last` is the newest committed bronze state (all zero for an empty lake).
  Committer(CommitterOptions options, const CommitInfo& last);
  /// Stops without committing what is queued.
  ~Committer();

  /// Something that must succeed before each commit of bronze. Before the first Submit.
  void set_before_commit(std::function<Status()> action) { before_commit_ = std::move(action); }

  /// Who is told of each epoch that is in all tables, on the committer's thread. Before the first
  /// Submit.
  void set_on_commit(std::function<void(const EpochCommit&)> action) {
    on_commit_ = std::move(action);
  }

  /// Hands over an epoch; blocks while the queue is full. An error is final: the engine must stop.
  Status Submit(std::unique_ptr<Epoch> epoch);
  /// Waits until everything submitted is committed.
  Status Drain();
  /// From `grace` from now on what fails is not tried again: Submit and Drain return its error. For
  /// a stop that must not wait for the world to mend. Any thread.
  void StopRetrying(std::chrono::nanoseconds grace);
  /// Commits on the caller's thread. Only before the first Submit (recovery).
  Status CommitNow(std::unique_ptr<Epoch> epoch);

  /// A committed epoch whose memory may be used again, or null.
  std::unique_ptr<Epoch> TakeSpare();

  // Any thread.
  Status failure() const;
  std::string problem() const;  ///< what is being retried; empty when all is well
  CommitInfo last() const;      ///< newest committed
  uint64_t commits() const { return commits_; }
  uint64_t attempts() const { return attempts_; }  ///< at steps of commits, whatever came of them
  /// Positions that became durable since the last call.
  Positions TakeCommittedPositions();
  int64_t last_commit_us() const { return last_commit_us_; }

 private:
  void Loop();
  Status CommitEpoch(Epoch* epoch);
  Status WithRetry(std::string_view what, int64_t epoch, const std::function<Status()>& attempt);
  Status WriteFiles(Epoch* epoch);
  Status CommitBronze(const Epoch& epoch);
  Status CommitTable(size_t id, const Epoch& epoch);
  Status AddSilverColumns(const Epoch& epoch);
  Status CommitHours(size_t id, const Epoch& epoch);
  Status TryCommitHours(size_t id, const Epoch& epoch);
  Status Step(std::string_view name, int64_t epoch);

  CommitterOptions options_;
  std::function<Status()> before_commit_;
  std::function<void(const EpochCommit&)> on_commit_;
  ThreadPool pool_;
  // Of the epoch in work; committer thread only.
  std::array<std::string, kNumTables> adds_;
  EpochCommit done_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Epoch>> queue_;  // guarded by mutex_
  std::unique_ptr<Epoch> spare_;              // guarded by mutex_
  bool busy_ = false;                         // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  Status failure_;                            // guarded by mutex_
  std::string problem_;                       // guarded by mutex_
  CommitInfo last_;                           // guarded by mutex_
  Positions committed_;                       // guarded by mutex_
  std::atomic<std::chrono::nanoseconds> retries_end_{std::chrono::nanoseconds::max()};
  std::atomic<uint64_t> commits_ = 0;
  std::atomic<uint64_t> attempts_ = 0;
  std::atomic<int64_t> last_commit_us_ = 0;
  std::thread thread_;
};

}  // namespace avocet
