// Api: the routes below /api/v1, and what they answer from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "src/engine/audit_log.h"
#include "src/engine/engine.h"
#include "src/net/http_message.h"
#include "src/server/access_control.h"
#include "src/server/alert_board.h"
#include "src/server/alert_desk.h"
#include "src/server/anomaly_feed.h"
#include "src/server/lake_history.h"
#include "src/server/live_fleet.h"
#include "src/server/reload_desk.h"

namespace avocet {

/// Everything is borrowed and outlives the routes.
struct ApiContext {
  const Engine* engine = nullptr;
  Env* env = nullptr;
  LiveFleet* fleet = nullptr;
  AnomalyFeed* feed = nullptr;
  AlertBoard* board = nullptr;
  AlertDesk* desk = nullptr;
  LakeHistory* history = nullptr;
  AccessControl* access = nullptr;
  AuditLog* audit = nullptr;
  ReloadDesk* reload_desk = nullptr;  ///< null: the configuration cannot be changed
  std::string version;
  int64_t started_us = 0;
  bool is_secure = false;  ///< TLS

  /// The stream's clock: its newest event time; the wall clock before the first reading.
  int64_t NowMicros() const;
};

/// What a handler has to do, which decides on which thread it does it.
enum class ApiWork : uint8_t {
  kNone,    ///< nearly nothing: on the thread of the request
  kMemory,  ///< goes through the whole fleet
  kTables,  ///< reads the tables
  kQuery,   ///< waits for another program
};

struct ApiRoute {
  std::string method;
  std::string path;
  std::function<HttpResponse(const HttpRequest&, const Caller&)> handler;
  ApiWork work = ApiWork::kNone;
  bool is_public = false;     ///< without a caller
  Role role = Role::kViewer;  ///< at least
  bool changes = false;       ///< needs a request of the same origin
  size_t max_body_bytes = 0;
};

std::vector<ApiRoute> FleetRoutes(const ApiContext& context);
std::vector<ApiRoute> HealthRoutes(const ApiContext& context);
std::vector<ApiRoute> AnomalyRoutes(const ApiContext& context);
std::vector<ApiRoute> AlertRoutes(const ApiContext& context);
std::vector<ApiRoute> GateRoutes(const ApiContext& context);
std::vector<ApiRoute> ResetRoutes(const ApiContext& context);
std::vector<ApiRoute> RuleRoutes(const ApiContext& context);
std::vector<ApiRoute> QuietRoutes(const ApiContext& context);
std::vector<ApiRoute> LateRoutes(const ApiContext& context);
std::vector<ApiRoute> LakeRoutes(const ApiContext& context);
std::vector<ApiRoute> QueryRoutes(const ApiContext& context);
std::vector<ApiRoute> SystemRoutes(const ApiContext& context);
std::vector<ApiRoute> SessionRoutes(const ApiContext& context);

/// 503 for what may mend, 404 for what is not there, else 500.
HttpResponse ErrorResponse(const Status& status);

}  // namespace avocet
