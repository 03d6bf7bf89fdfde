// StatusEndpoints: /-/healthy, /-/ready and /metrics of a running engine.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "src/alert/notifier.h"
#include "src/engine/engine.h"
#include "src/env/process_stats.h"
#include "src/net/http_server.h"
#include "src/server/alert_board.h"
#include "src/server/reload_desk.h"

namespace avocet {

/// What is known of devices and alerts beside the engine.
struct AlertMetrics {
  std::array<uint64_t, kNumAlertSeverities> firing{};
  uint64_t silent_devices = 0;
  std::vector<ChannelCounts> channels;
};

/// All that the metrics tell.
struct MetricsInput {
  Progress progress;
  const StageClock* clock = nullptr;  ///< not null
  HttpServerStats http;
  std::optional<ReloadDesk::Outcome> reload;  ///< empty: the configuration cannot be changed
  std::optional<AlertMetrics> alerts;         ///< empty: not known yet
  ProcessStats process;
  std::string version;
};

/// Serves until destroyed. Engine and server must outlive it.
class StatusEndpoints {
 public:
  /// Adds the routes; the caller starts the server. `desk` may be null.
  StatusEndpoints(const Engine* engine, const ReloadDesk* desk, HttpServer* server,
                  std::string version);
  ~StatusEndpoints();
  StatusEndpoints(const StatusEndpoints&) = delete;
  StatusEndpoints& operator=(const StatusEndpoints&) = delete;

  /// `ask` is asked for each answer from now on, by any thread.
  void set_alert_metrics(std::function<AlertMetrics()> ask);

 private:
  std::optional<AlertMetrics> AskForAlerts() const;

  HttpServer* const server_;
  mutable std::mutex mutex_;
  std::function<AlertMetrics()> ask_;  // guarded by mutex_
  std::vector<uint64_t> routes_;
};

/// 200 when every source and the committer do their work, else 503 with what is wrong.
HttpResponse ReadyResponse(const Progress& progress);
/// The Prometheus text format, version 0.0.4.
std::string MetricsText(const MetricsInput& input);

}  // namespace avocet
