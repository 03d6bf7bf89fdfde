// ReloadDesk: takes wishes that make the engine pause while avocet runs: a new configuration, and
// another try of quarantine. A new configuration is read and checked here; who runs the engine
// takes it over, and tries again what is in quarantine.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/quarantine_retry.h"
#include "src/env/env.h"

namespace avocet {

/// Any thread.
class ReloadDesk {
 public:
  /// Reads the configuration anew. kConfig says everything that is wrong with it.
  using Reader = std::function<Result<Config>()>;

  struct Plan {
    bool keeps_state = false;  ///< else it is computed again from all of bronze
  };
  struct Outcome {
    bool is_success = true;  ///< of the last wish; true before the first
    int64_t success_us = 0;  ///< when a configuration was taken over last
  };

  struct Retry {
    std::string code;  ///< of the rows that were tried; empty: all
    int64_t at_us = 0;
    RetryReport report;
    std::string problem;  ///< empty when it went well
  };

  ReloadDesk(Env* env, Reader read) : env_(env), read_(std::move(read)) {}

  /// Reads the configuration and keeps it for TakeNext. kConfig says why it cannot be taken over.
  /// `fleet_time_us`: newest event time so far.
  Result<Plan> Request(int64_t fleet_time_us);

  /// Has rows of quarantine with `code`, all when it is empty, tried again. kUsage when the engine
  /// cannot pause, kConflict when a wish waits already.
  Status RequestRetry(std::string code);

  /// The engine should pause.
  bool HasNext() const;
  /// What was requested last, once.
  std::optional<Config> TakeNext();
  /// The code of the retry that was requested, once.
  std::optional<std::string> TakeRetry();

  /// An engine runs with this configuration: the first one, or what was taken.
  void TookOver(const Config& config);
  /// What was taken does not work: the former one goes on.
  void Failed(const Status& status);

  void Retried(std::string code, const Result<RetryReport>& result);

  Outcome outcome() const;
  bool HasRetry() const;
  /// The last one; nothing before the first.
  std::optional<Retry> last_retry() const;

 private:
  Result<Plan> RequestLocked(int64_t fleet_time_us);

  Env* const env_;
  const Reader read_;
  mutable std::mutex mutex_;
  Config running_;                    // guarded by mutex_
  std::optional<Config> next_;        // guarded by mutex_
  Outcome outcome_;                   // guarded by mutex_
  std::optional<std::string> retry_;  // guarded by mutex_
  std::optional<Retry> last_retry_;   // guarded by mutex_
};

}  // namespace avocet
