// ProgressLine: tells how a running engine is doing, a live line on a terminal, else a log line now
// and then. Also stops the engine for termination signals and for a new configuration, and tells
// the service manager its state.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "src/cli/human_number.h"
#include "src/cli/service_report.h"
#include "src/engine/engine.h"
#include "src/server/reload_desk.h"

namespace avocet {

class ProgressLine {
 public:
  /// Starts its thread, and says that the service is ready. `engine` and `desk`, which SIGHUP
  /// makes read the configuration, must outlive this; without a desk SIGHUP does nothing. Quiet:
  /// nothing is printed.
  ProgressLine(Engine* engine, ReloadDesk* desk, bool quiet);
  /// Ends the thread and clears the line.
  ~ProgressLine();

 private:
  void Loop();
  void Show(const Progress& progress, double readings_per_second);

  /// Whether the engine is to stop for good, or for another one.
  bool WantsStop();

  Engine* engine_;
  ReloadDesk* desk_;
  ServiceReport service_;  // of the thread
  bool quiet_;
  bool terminal_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace avocet
