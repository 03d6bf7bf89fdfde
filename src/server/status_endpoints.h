// StatusEndpoints: /-/healthy, /-/ready and /metrics of a running engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/engine/engine.h"
#include "src/net/http_server.h"
#include "src/server/reload_desk.h"

namespace avocet {

/// Serves until destroyed. Engine and server must outlive it.
class StatusEndpoints {
 public:
  /// Adds the routes; the caller starts the server. `desk` may be null.
  StatusEndpoints(const Engine* engine, const ReloadDesk* desk, HttpServer* server,
                  std::string version);
  ~StatusEndpoints();
  StatusEndpoints(const StatusEndpoints&) = delete;
  StatusEndpoints& operator=(const StatusEndpoints&) = delete;

 private:
  HttpServer* const server_;
  std::vector<uint64_t> routes_;
};

/// 200 when every source and the committer do their work, else 503 with what is wrong.
HttpResponse ReadyResponse(const Progress& progress);
/// The Prometheus text format, version 0.0.4. Without `reload` the configuration cannot be changed.
std::string MetricsText(const Progress& progress, const StageClock& clock,
                        const HttpServerStats& http,
                        const std::optional<ReloadDesk::Outcome>& reload, std::string_view version);

}  // namespace avocet
