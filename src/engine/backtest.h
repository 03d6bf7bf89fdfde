// Backtest: what a configuration would have made of the readings that bronze keeps.
//
// The engine of a run, from bytes to alerts, over bronze. Nothing is written and nothing is sent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

struct BacktestOptions {
  /// Event times of the changes that are wanted: from_us <= t < to_us.
  int64_t from_us = INT64_MIN;
  int64_t to_us = INT64_MAX;
  /// How much of what came before is processed, too, so that detectors have learned; absent: all.
  std::optional<Duration> warm_up;
  /// Called now and then with the rows so far and the newest event time; false ends the backtest
  /// with kCancelled.
  std::function<bool(int64_t rows, int64_t event_time_us)> on_progress;
};

struct BacktestResult {
  std::vector<AlertChange> changes;  ///< in the order of a run
  int64_t bronze_rows = 0;           ///< processed, those of the warm-up, too
  int64_t wanted_rows = 0;           ///< with event times in the range
  uint64_t undecodable = 0;          ///< bronze rows that this configuration cannot decode
  uint64_t devices = 0;
  uint64_t anomalies = 0;                    ///< in the range
  std::optional<int64_t> first_us, last_us;  ///< event times in the range
};

/// Reads the lake that `config` names. kNotFound when there is none.
Result<BacktestResult> Backtest(const Config& config, Env* env, const BacktestOptions& options);

}  // namespace avocet
