// DecisionKeeper: brings what people decide into an engine: gates of alerts that they move, and
// series that detectors are to speak of again.
//
// A decision holds from just after the newest event time of the fleet at the moment at which the
// engine takes it over, and that is stored before anything is judged by it: so recovery, a rebuild
// and a backtest apply it to the same readings.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "src/alert/gate_log.h"
#include "src/alert/reset_log.h"
#include "src/config/config.h"
#include "src/engine/processor.h"
#include "src/env/env.h"

namespace avocet {

/// Those that were made for a configuration's lake; none when nobody has made one.
Result<Decisions> ReadDecisions(const Config& config, Env* env);

/// The engine's thread.
class DecisionKeeper {
 public:
  /// Both are borrowed.
  DecisionKeeper(const Config& config, Env* env);

  /// Between two ticks: looks, at most once a second, whether people have decided something. A
  /// problem is told in the log, and the next look tries again.
  void Look(Processor* processor);

 private:
  Status TakeOver(Processor* processor);

  const std::string path_;
  Env* const env_;
  // Null: there is no file yet.
  std::unique_ptr<GateLog> gates_;
  std::unique_ptr<ResetLog> resets_;
  std::chrono::nanoseconds looked_{0};
  std::string problem_;  // last told
};

}  // namespace avocet
