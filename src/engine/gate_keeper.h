// GateKeeper: brings the gates that people move into an engine.
//
// A gate begins and ends just after the newest event time of the fleet at the moment at which the
// engine takes it over, and that is stored before anything is judged by it: so recovery, a rebuild
// and a backtest apply it to the same readings.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "src/alert/gate_log.h"
#include "src/config/config.h"
#include "src/engine/processor.h"
#include "src/env/env.h"

namespace avocet {

/// The gates of a configuration's lake; none when nobody has moved one.
Result<std::vector<AlertGate>> ReadGates(const Config& config, Env* env);

/// The engine's thread.
class GateKeeper {
 public:
  /// Both are borrowed.
  GateKeeper(const Config& config, Env* env);

  /// Between two ticks: looks, at most once a second, whether people have moved gates. A problem is
  /// told in the log, and the next look tries again.
  void Look(Processor* processor);

 private:
  Status TakeOver(Processor* processor);

  const std::string path_;
  Env* const env_;
  std::unique_ptr<GateLog> log_;  // null: there is no file yet
  std::chrono::nanoseconds looked_{0};
  std::string problem_;  // last told
};

}  // namespace avocet
