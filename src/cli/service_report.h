// ServiceReport: keeps the service manager informed of a running engine.
#pragma once

#include <chrono>
#include <string>

#include "src/cli/signs_of_life.h"
#include "src/engine/engine.h"
#include "src/env/supervisor.h"

namespace avocet {

/// Used by one thread. Does nothing when this process is no service.
class ServiceReport {
 public:
  /// `engine` outlives this.
  explicit ServiceReport(const Engine* engine);

  /// The engine is open and everything is served: what depends on avocet may start.
  void Ready();
  /// Called several times a second while the engine runs: a sign of life as often as the watchdog
  /// wants one, as long as the engine moves, and a line for `systemctl status` now and then.
  void Update();
  void Stopping();
  /// Another engine takes over, and the watchdog waits for it however long it takes.
  void Reloading();

 private:
  void Tell(const std::string& state);
  void FeedWatchdog(std::chrono::nanoseconds now);

  const Engine* engine_;
  Supervisor supervisor_;
  SignsOfLife signs_;
  std::chrono::nanoseconds told_at_{0};
  bool warned_still_ = false;
  bool warned_unheard_ = false;
};

}  // namespace avocet
