#include "src/server/status_endpoints.h"

#include <utility>

#include "src/base/json_writer.h"
#include "src/server/metrics_text.h"

namespace avocet {
namespace {

constexpr double kMicrosPerSecond = 1e6;

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void WriteRecords(const Progress& p, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  out->Begin("avocet_records_total", Type::kCounter,
             "Records received since the first of the lake, by what became of them.");
  out->Sample(p.totals.accepted, {{"result", "accepted"}});
  out->Sample(p.totals.quarantined, {{"result", "quarantined"}});
  out->Sample(p.totals.duplicates, {{"result", "duplicate"}});
  out->Begin("avocet_late_records_total", Type::kCounter,
             "Accepted records older than the newest of their device.");
  out->Sample(p.totals.late);
  out->Begin("avocet_dropped_records_total", Type::kCounter,
             "Accepted records that a quality rule keeps out of silver.");
  out->Sample(p.totals.dropped);
  out->Begin("avocet_anomalies_total", Type::kCounter, "Anomalies found.");
  out->Sample(p.totals.anomalies);
  out->Begin("avocet_read_bytes_total", Type::kCounter, "Bytes read from the sources.");
  out->Sample(p.bytes_read);
  out->Begin("avocet_devices_active", Type::kGauge, "Devices seen.");
  out->Sample(p.devices);
}

void WriteCommits(const Progress& p, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  out->Begin("avocet_commits_total", Type::kCounter, "Commits of this process.");
  out->Sample(p.commits);
  out->Begin("avocet_last_commit_timestamp_seconds", Type::kGauge,
             "When the last commit ended, in seconds since 1970; 0 before the first.");
  out->Sample(static_cast<double>(p.last_commit_us) / kMicrosPerSecond);
  out->Begin("avocet_epoch_number", Type::kGauge, "The newest committed epoch.");
  out->Sample(static_cast<double>(p.epoch));
  out->Begin("avocet_newest_event_timestamp_seconds", Type::kGauge,
             "The newest event time of the fleet, in seconds since 1970.");
  out->Sample(p.fleet_time_us > 0 ? static_cast<double>(p.fleet_time_us) / kMicrosPerSecond : 0.0);
}

void WriteSources(const Progress& p, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  const auto each = [&](auto value) {
    for (const SourceProgress& source : p.sources) {
      out->Sample(value(source.health), {{"source", source.name}});
    }
  };
  out->Begin("avocet_source_ready", Type::kGauge, "1 when the source does its work.");
  each([](const SourceHealth& health) { return uint64_t{health.ready ? 1U : 0U}; });
  out->Begin("avocet_source_lag_bytes", Type::kGauge, "Known bytes that were not read yet.");
  each([](const SourceHealth& health) { return health.lag_bytes; });
  out->Begin("avocet_source_lag_records", Type::kGauge, "Known records that were not read yet.");
  each([](const SourceHealth& health) { return health.lag_records; });
  out->Begin("avocet_source_lag_seconds", Type::kGauge, "Age of the next record to read.");
  each(
      [](const SourceHealth& health) { return Seconds(std::chrono::milliseconds(health.lag_ms)); });
  out->Begin("avocet_source_leases", Type::kGauge, "Shards of a shared stream that are read here.");
  for (const SourceProgress& source : p.sources) {
    if (source.health.leases < 0) continue;
    out->Sample(static_cast<uint64_t>(source.health.leases), {{"source", source.name}});
  }
  out->Begin("avocet_journal_bytes", Type::kGauge, "Disk space of the journal of a push source.");
  each([](const SourceHealth& health) { return health.journal_bytes; });
  out->Begin("avocet_journal_syncs_total", Type::kCounter, "Writes of the journal, one sync each.");
  each([](const SourceHealth& health) { return health.journal_syncs; });
  out->Begin("avocet_journal_sync_seconds_total", Type::kCounter,
             "Time spent writing and syncing the journal.");
  each([](const SourceHealth& health) { return Seconds(health.journal_sync_time); });
}

void WriteLatencies(const StageClock& clock, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  out->Begin("avocet_event_to_commit_seconds", Type::kHistogram,
             "From the arrival of a record to the stage that it has passed.");
  for (size_t i = 0; i < kNumCommitStages; ++i) {
    const auto stage = static_cast<CommitStage>(i);
    out->Histogram(clock.at(stage), {"stage", CommitStageName(stage)});
  }
  out->Begin(
      "avocet_event_to_alert_seconds", Type::kHistogram,
      "From the arrival of a reading to the stage that a message about an alert has passed.");
  for (size_t i = 0; i < kNumMessageStages; ++i) {
    const auto stage = static_cast<MessageStage>(i);
    out->Histogram(clock.to_alert().at(stage), {"stage", MessageStageName(stage)});
  }
  out->Begin("avocet_stage_duration_seconds", Type::kHistogram,
             "What a stage takes for one tick or one commit.");
  for (size_t i = 0; i < kNumStages; ++i) {
    const auto stage = static_cast<Stage>(i);
    out->Histogram(clock.at(stage), {"stage", StageName(stage)});
  }
}

void WriteHttp(const HttpServerStats& http, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  static constexpr const char* kClasses[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  out->Begin("avocet_http_requests_total", Type::kCounter, "Answers, by class of their status.");
  for (size_t i = 2; i < std::size(kClasses); ++i) {
    out->Sample(http.requests[i], {{"status", kClasses[i]}});
  }
  out->Begin("avocet_http_connections_open", Type::kGauge, "Connections at present.");
  out->Sample(http.connections_open);
  out->Begin("avocet_http_connections_total", Type::kCounter, "Connections so far.");
  out->Sample(http.connections_total);
  out->Begin("avocet_http_refused_connections_total", Type::kCounter,
             "Connections beyond max_connections.");
  out->Sample(http.connections_refused);
  out->Begin("avocet_http_timeouts_total", Type::kCounter, "Clients that were too slow.");
  out->Sample(http.timeouts);
  out->Begin("avocet_http_received_bytes_total", Type::kCounter, "Bytes of request bodies.");
  out->Sample(http.body_bytes);
}

void WriteAlerts(const AlertMetrics& alerts, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  out->Begin("avocet_devices_silent", Type::kGauge, "Devices from which nothing comes any more.");
  out->Sample(alerts.silent_devices);
  out->Begin("avocet_alerts_active", Type::kGauge, "Alerts that fire, acknowledged or not.");
  for (size_t i = 0; i < kNumAlertSeverities; ++i) {
    out->Sample(alerts.firing[i], {{"severity", AlertSeverityName(static_cast<AlertSeverity>(i))}});
  }
  out->Begin("avocet_notifications_total", Type::kCounter,
             "Messages delivered, attempts that failed and are tried again, alerts given up and "
             "alerts silenced, of each channel.");
  for (const ChannelCounts& counts : alerts.channels) {
    const std::pair<std::string_view, uint64_t> results[] = {{"delivered", counts.delivered},
                                                             {"retried", counts.retried},
                                                             {"failed", counts.failed},
                                                             {"silenced", counts.silenced}};
    for (const auto& [result, count] : results) {
      out->Sample(count, {{"channel", counts.channel}, {"result", result}});
    }
  }
  out->Begin("avocet_notification_outbox", Type::kGauge, "Alerts that wait to be told.");
  for (const ChannelCounts& counts : alerts.channels) {
    out->Sample(static_cast<uint64_t>(counts.waiting), {{"channel", counts.channel}});
  }
}

// With the names that every Prometheus client has.
void WriteProcess(const ProcessStats& process, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  out->Begin("process_cpu_seconds_total", Type::kCounter, "Processor time, user and system.");
  out->Sample(process.cpu_seconds);
  out->Begin("process_start_time_seconds", Type::kGauge,
             "When the process started, in seconds since 1970.");
  out->Sample(process.start_seconds);
  out->Begin("process_resident_memory_bytes", Type::kGauge, "Resident memory.");
  out->Sample(process.resident_bytes);
  out->Begin("process_virtual_memory_bytes", Type::kGauge, "Virtual memory.");
  out->Sample(process.virtual_bytes);
  out->Begin("process_open_fds", Type::kGauge, "Open files and connections.");
  out->Sample(process.open_files);
  out->Begin("process_max_fds", Type::kGauge, "How many there may be.");
  out->Sample(process.max_files);
}

void WriteReload(const ReloadDesk::Outcome& reload, MetricsWriter* out) {
  using Type = MetricsWriter::Type;
  out->Begin("avocet_config_last_reload_successful", Type::kGauge,
             "1 when the last configuration that was given is the one in use.");
  out->Sample(uint64_t{reload.is_success ? 1U : 0U});
  out->Begin("avocet_config_last_reload_success_timestamp_seconds", Type::kGauge,
             "When a configuration was taken over last, in seconds since 1970.");
  out->Sample(static_cast<double>(reload.success_us) / kMicrosPerSecond);
}

}  // namespace

HttpResponse ReadyResponse(const Progress& progress) {
  bool ready = progress.problem.empty();
  JsonWriter json;
  json.BeginObject().Key("sources").BeginArray();
  for (const SourceProgress& source : progress.sources) {
    ready = ready && source.health.ready;
    json.BeginObject().Field("name", source.name).Field("ready", source.health.ready);
    if (!source.health.problem.empty()) json.Field("problem", source.health.problem);
    json.EndObject();
  }
  json.EndArray();
  if (!progress.problem.empty()) json.Field("problem", progress.problem);
  json.Field("ready", ready).EndObject();
  return HttpResponse::Json(ready ? 200 : 503, json.Take() + "\n");
}

std::string MetricsText(const MetricsInput& input) {
  MetricsWriter out;
  out.Begin("avocet_build_info", MetricsWriter::Type::kGauge, "The version, as a label.");
  out.Sample(uint64_t{1}, {{"version", input.version}});
  WriteRecords(input.progress, &out);
  WriteCommits(input.progress, &out);
  WriteLatencies(*input.clock, &out);
  WriteSources(input.progress, &out);
  if (input.alerts) WriteAlerts(*input.alerts, &out);
  WriteHttp(input.http, &out);
  if (input.reload) WriteReload(*input.reload, &out);
  WriteProcess(input.process, &out);
  return out.Take();
}

StatusEndpoints::StatusEndpoints(const Engine* engine, const ReloadDesk* desk, HttpServer* server,
                                 std::string version)
    : server_(server) {
  HttpRouter& router = server->router();
  routes_.push_back(router.Add({"GET", "/-/healthy", [](const HttpRequest&, HttpReply reply) {
                                  reply.Send(HttpResponse::Text(200, "avocet is running\n"));
                                }}));
  routes_.push_back(router.Add({"GET", "/-/ready", [engine](const HttpRequest&, HttpReply reply) {
                                  reply.Send(ReadyResponse(engine->progress()));
                                }}));
  routes_.push_back(router.Add(
      {"GET", "/metrics",
       [this, engine, desk, version = std::move(version)](const HttpRequest&, HttpReply reply) {
         MetricsInput input{.progress = engine->progress(),
                            .clock = &engine->clock(),
                            .http = server_->stats(),
                            .reload = {},
                            .alerts = AskForAlerts(),
                            .process = ReadProcessStats(),
                            .version = version};
         if (desk != nullptr) input.reload = desk->outcome();
         HttpResponse response = HttpResponse::Text(200, MetricsText(input));
         response.content_type = "text/plain; version=0.0.4; charset=utf-8";
         reply.Send(std::move(response));
       }}));
}

void StatusEndpoints::set_alert_metrics(std::function<AlertMetrics()> ask) {
  const std::lock_guard lock(mutex_);
  ask_ = std::move(ask);
}

std::optional<AlertMetrics> StatusEndpoints::AskForAlerts() const {
  const std::lock_guard lock(mutex_);
  if (!ask_) return std::nullopt;
  return ask_();
}

StatusEndpoints::~StatusEndpoints() {
  for (const uint64_t route : routes_) server_->router().Remove(route);
}

}  // namespace avocet
