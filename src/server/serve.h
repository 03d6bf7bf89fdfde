// Serving: what `avocet run` offers over HTTP beside taking readings: dashboard, API, health,
// readiness, metrics.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "src/engine/engine.h"
#include "src/server/dashboard_server.h"
#include "src/server/reload_desk.h"
#include "src/server/status_endpoints.h"

namespace avocet {

/// Serves until destroyed, on a server of the engine's hub. Owned by one thread.
class Serving {
 public:
  /// Serves where the configuration says; without an address there, where the first source of
  /// type `http` listens, else on the first free port of a few, or nowhere, with a warning, when
  /// all of these are taken. With `once`, only at an address that is configured. `engine` is open,
  /// does not run yet, and outlives this, as does `desk` (null: the configuration cannot be
  /// changed). kUnavailable when a configured address is taken.
  static Result<std::unique_ptr<Serving>> Start(Engine* engine, Env* env,
                                                const std::string& version, bool once,
                                                ReloadDesk* desk);

  /// Whose counts are in the metrics from now on; null: nobody is told of alerts. Outlives this.
  void set_notifier(Notifier* notifier) { notifier_ = notifier; }

  /// Where a browser finds the dashboard; empty when nothing is served.
  std::string Url() const;

  /// As AlertChart of the devices on the dashboard; empty when nothing is served. Any thread.
  std::string Chart(const AlertChange& change) const;
  /// What the dashboard knows of alerts like it, in one sentence; empty for none. Any thread.
  std::string SeenBefore(const AlertChange& change) const;

 private:
  Serving() = default;
  Status Listen(Engine* engine, bool once);
  AlertMetrics AskForAlerts() const;

  HttpServer* server_ = nullptr;  // the hub's; null: nothing is served
  std::atomic<Notifier*> notifier_ = nullptr;
  std::unique_ptr<DashboardServer> dashboard_;
  std::unique_ptr<StatusEndpoints> status_;  // asks the others
};

}  // namespace avocet
