// ProgressLine: tells how a running engine is doing, a live line on a terminal, else a log line now
// and then. Also passes termination signals on to the engine, and its state to the service manager.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "src/cli/human_number.h"
#include "src/cli/service_report.h"
#include "src/engine/engine.h"

namespace avocet {

class ProgressLine {
 public:
  /// Starts its thread, and says that the service is ready. `engine` must outlive this. Quiet:
  /// nothing is printed.
  ProgressLine(Engine* engine, bool quiet);
  /// Ends the thread and clears the line.
  ~ProgressLine();

 private:
  void Loop();
  void Show(const Progress& progress, double readings_per_second);

  Engine* engine_;
  ServiceReport service_;  // of the thread
  bool quiet_;
  bool terminal_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace avocet
