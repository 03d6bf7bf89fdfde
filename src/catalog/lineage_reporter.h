// LineageReporter: tells OpenLineage of a run, on a thread of its own.
//
// It never delays the engine. A server that is away is asked again after pauses that grow to a
// minute; meanwhile some hundred events wait, and later ones of commits are left out, which the log
// says. An event may arrive twice.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "src/catalog/lineage_events.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

class LineageReporter {
 public:
  /// Reads the token, makes the run's file, and tells that the run has begun. Errors of those.
  /// `config` and `env` are borrowed. `version`: of avocet.
  static Result<std::unique_ptr<LineageReporter>> Start(const Config& config, Env* env,
                                                        const std::string& version);
  /// Waits some seconds for what is left to be sent.
  ~LineageReporter();

  LineageReporter(const LineageReporter&) = delete;
  LineageReporter& operator=(const LineageReporter&) = delete;

  /// Any thread.
  void Committed(const EpochCommit& commit);
  /// The run is over. Called once, before the destructor.
  void Ended(const Status& how);

 private:
  LineageReporter(const Config& config, Env* env, LineageEvents events, std::string token,
                  std::unique_ptr<WritableFile> file);
  void Add(std::string event, bool is_needed);
  void Loop();
  bool Deliver(const std::string& event);
  Status Post(const std::string& event);
  bool IsOver();

  const LineageConfig& config_;
  Env* const env_;
  const LineageEvents events_;
  const std::string token_;
  const std::unique_ptr<WritableFile> file_;  // null: none; its thread only
  std::string told_;                          // the last problem; its thread only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;        // guarded by mutex_
  uint64_t left_out_ = 0;                  // guarded by mutex_
  bool stopping_ = false;                  // guarded by mutex_
  std::chrono::nanoseconds give_up_at_{};  // guarded by mutex_; when stopping
  std::thread thread_;
};

}  // namespace avocet
