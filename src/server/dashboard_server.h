// DashboardServer: the dashboard and its API on a HTTP server.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "src/engine/audit_log.h"
#include "src/engine/engine.h"
#include "src/net/http_server.h"
#include "src/server/api.h"
#include "src/server/event_stream.h"
#include "src/server/record_tap.h"
#include "src/server/static_file.h"
#include "src/server/work_queue.h"

namespace avocet {

/// Serves until destroyed. Owned by one thread.
class DashboardServer {
 public:
  /// Adds its routes to `server` and begins to watch `engine`, which is open and does not run yet;
  /// both outlive it, as does `reload_desk`, which may be null. On an address that other machines
  /// can reach, callers need an access token. An error is of the log of operators.
  static Result<std::unique_ptr<DashboardServer>> Start(Engine* engine, ReloadDesk* reload_desk,
                                                        Env* env, HttpServer* server,
                                                        std::string version);
  /// After the engine has run.
  ~DashboardServer();
  DashboardServer(const DashboardServer&) = delete;
  DashboardServer& operator=(const DashboardServer&) = delete;

  const LiveFleet& fleet() const { return fleet_; }
  const AlertBoard& board() const { return board_; }

 private:
  DashboardServer(Engine* engine, ReloadDesk* reload_desk, Env* env, HttpServer* server);
  void AddRoutes(std::string version);
  /// Whether the request names this machine, or a token has to be shown anyway.
  bool IsForThisHost(const HttpRequest& request) const;
  void AddApi(const ApiRoute& route);
  void AddWebFiles();
  void AddEvents();
  void AddTap();
  /// Whether someone may be answered with a stream; refuses else.
  bool Admits(const HttpRequest& request, HttpReply* reply);
  void Answer(const ApiRoute& route, const HttpRequest& request, HttpReply reply);
  std::string Pulse();
  void RememberAnomalies();
  void RememberAlerts();

  Engine* const engine_;
  ReloadDesk* const reload_desk_;
  Env* const env_;
  HttpServer* const server_;
  AnomalyFeed feed_;
  AlertBoard board_;
  std::unique_ptr<AlertDesk> desk_;
  std::unique_ptr<AuditLog> audit_;
  LiveFleet fleet_;
  RecordTap tap_;
  LakeHistory history_;
  AccessControl access_;
  std::list<StaticFile> files_;
  std::atomic<bool> is_stopping_ = false;
  WorkQueue memory_work_;  // never waits for the disk
  WorkQueue table_work_;
  WorkQueue query_work_;
  std::unique_ptr<EventStream> events_;
  std::vector<uint64_t> routes_;

  // Of the last pulse; the thread of the event stream only.
  uint64_t pulse_received_ = 0;
  std::chrono::nanoseconds pulse_at_{0};
};

}  // namespace avocet
