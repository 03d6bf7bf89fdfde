// Engine: sources to tables. Owns the lake, the state and the committer of one configuration.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/engine/committer.h"
#include "src/engine/decision_keeper.h"
#include "src/engine/lake_tables.h"
#include "src/engine/processor.h"
#include "src/engine/recovery.h"
#include "src/engine/table_care.h"
#include "src/env/env.h"
#include "src/net/http_hub.h"
#include "src/source/peer_lakes.h"
#include "src/source/source.h"

namespace avocet {

class ListenSockets;

struct EngineOptions {
  bool once = false;  ///< drain finite inputs and end; files are not followed
  StepHook on_step;   ///< tests only
  /// Tests only: nothing is read while a commit goes on, so that with one thread and without table
  /// care a run repeats exactly.
  bool in_turn = false;
  /// Told of alerts of new readings, which arrived at `arrived_us` or a little later, on the
  /// engine's thread.
  std::function<void(std::span<const AlertChange>, int64_t arrived_us)> on_alerts;
  /// Called before each bronze commit, on the committer's: what was told must be safe then, or the
  /// commit waits.
  std::function<Status()> before_commit;
  /// Told of each epoch that is in all tables, on the committer's thread; of none that recovery
  /// finished.
  std::function<void(const EpochCommit&)> on_commit;
  /// Where its servers listen, kept open from one engine to the next; null: only its own.
  ListenSockets* sockets = nullptr;
};

/// One source, as seen by the engine.
struct SourceProgress {
  std::string name;
  SourceHealth health;  ///< with the problem of polling it, if there is one
  bool ended = false;
  uint64_t records = 0;  ///< taken in this run
  uint64_t bytes = 0;    ///< read in this run
};

/// What the engine is doing, for progress lines and metrics. A consistent copy.
struct Progress {
  Totals totals;
  std::array<uint64_t, kNumQualityRules> violations{};
  uint64_t bytes_read = 0;
  uint64_t devices = 0;
  uint64_t state_bytes = 0;
  uint64_t commits = 0;
  uint64_t lag_bytes = 0;
  uint64_t lag_records = 0;
  int64_t lag_ms = 0;         ///< of the source that is furthest behind its broker
  int64_t epoch = 0;          ///< newest committed
  int64_t fleet_time_us = 0;  ///< newest event time
  int64_t last_commit_us = 0;
  std::string problem;  ///< empty when all is well
  std::vector<SourceProgress> sources;
};

class Engine {
 public:
  /// Takes the lock, opens or creates the tables and recovers. `config` is copied. Errors:
  /// kConflict when another process owns the data directory, kCorrupt, kIo, ...
  static Result<std::unique_ptr<Engine>> Open(Config config, Env* env, EngineOptions options);
  ~Engine();

  /// Reads sources until all are at their end (then commits and returns Ok), `Stop` is called (the
  /// same, without waiting for the sources), or an error that cannot be mended. After `Stop` every
  /// error is one that cannot be mended within seconds. Called once.
  Status Run();
  /// Any thread, not a signal handler.
  void Stop();

  Progress progress() const;
  /// Grows with every tick and with every attempt to commit: an engine that waits for a full disk
  /// still moves, one that hangs does not. Any thread.
  uint64_t heartbeat() const { return ticks_ + committer_->attempts(); }
  const RecoveryReport& recovery() const { return recovery_; }
  const StageClock& clock() const { return *clock_; }
  StageClock* clock() { return clock_.get(); }
  size_t StateBytes() const { return processor_->StateBytes(); }
  const Config& config() const { return config_; }
  LakeTables* tables() { return tables_.get(); }
  /// The servers of this process; whoever has something to serve adds it before Run. Run stops
  /// them.
  HttpHub* hub() { return &hub_; }
  /// Who is told of what is processed, and at once of the devices that there are; null: nobody.
  /// Before Run; borrowed until it has returned.
  void set_live_observer(LiveObserver* observer) { processor_->set_live_observer(observer); }

 private:
  struct Input {
    std::string name;
    std::unique_ptr<Source> source;
    bool ended = false;
    std::chrono::nanoseconds retry_at{0};
    std::chrono::nanoseconds backoff{0};
    std::string problem;  // of the last Poll
    std::string told;     // problem of its health that the log knows
    uint64_t records = 0;
    uint64_t bytes = 0;
  };

  Engine(Config config, Env* env, EngineOptions options);
  Status OpenLake();
  Status OpenSources();
  Status Tick(bool* idle);
  Status PollInputs(std::vector<RawBatch>* batches, bool* more);
  Status PollInput(Input* input, size_t records_left, std::vector<RawBatch>* batches, bool* more);
  Status SealIfDue(bool final);
  Status Seal();
  void TakeSnapshot(Epoch* epoch);
  void StartEpoch();
  void TellCommitted();
  static void LogHealth(const SourceHealth& health, Input* input);
  void PublishProgress(uint64_t bytes);
  bool AllEnded() const;

  Config config_;
  Env* env_;
  EngineOptions options_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<LakeTables> tables_;
  std::unique_ptr<StageClock> clock_;
  std::unique_ptr<Processor> processor_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<TableCare> care_;
  std::unique_ptr<DecisionKeeper> decisions_;
  HttpHub hub_;                       // outlives the sources that serve there
  std::unique_ptr<PeerLakes> peers_;  // outlives the sources, which ask it to the end
  std::vector<Input> inputs_;
  RecoveryReport recovery_;
  Positions positions_;  // committed before this run

  std::unique_ptr<Epoch> epoch_;
  int64_t next_epoch_ = 1;
  int64_t received_us_ = 0;  // never goes back, whatever the clock does
  std::chrono::nanoseconds epoch_opened_{0};
  bool sealed_any_ = false;  // in this run
  std::chrono::nanoseconds snapshot_taken_{0};
  int64_t epochs_since_all_positions_ = 0;
  std::chrono::nanoseconds polled_at_{0};
  int64_t polled_us_ = 0;   // the same, as the wall clock has it
  int64_t arrived_us_ = 0;  // of the records of this tick: the poll before theirs

  std::atomic<bool> stopping_ = false;
  std::atomic<uint64_t> ticks_ = 0;
  mutable std::mutex progress_mutex_;
  Progress progress_;  // guarded by progress_mutex_
};

}  // namespace avocet
