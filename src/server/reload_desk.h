// ReloadDesk: takes wishes for a new configuration while avocet runs. A new one is read and checked
// here; who runs the engine takes it over.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "src/base/status.h"
#include "src/config/config.h"
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

  ReloadDesk(Env* env, Reader read) : env_(env), read_(std::move(read)) {}

  /// Reads the configuration and keeps it for TakeNext. kConfig says why it cannot be taken over.
  /// `fleet_time_us`: newest event time so far.
  Result<Plan> Request(int64_t fleet_time_us);

  bool HasNext() const;
  /// What was requested last, once.
  std::optional<Config> TakeNext();

  /// An engine runs with this configuration: the first one, or what was taken.
  void TookOver(const Config& config);
  /// What was taken does not work: the former one goes on.
  void Failed(const Status& status);

  Outcome outcome() const;

 private:
  Result<Plan> RequestLocked(int64_t fleet_time_us);

  Env* const env_;
  const Reader read_;
  mutable std::mutex mutex_;
  Config running_;              // guarded by mutex_
  std::optional<Config> next_;  // guarded by mutex_
  Outcome outcome_;             // guarded by mutex_
};

}  // namespace avocet
