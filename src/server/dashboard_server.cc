#include "src/server/dashboard_server.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/config/device_labels.h"
#include "src/engine/owned_lake.h"
#include "src/server/alert_json.h"
#include "src/server/api_query.h"
#include "src/server/web_files.h"

namespace avocet {
namespace {

constexpr size_t kFeedRows = 20'000;
constexpr size_t kBoardAlerts = 50'000;
constexpr size_t kRingBytes = size_t{64} << 20;
constexpr size_t kWaitingRequests = 64;
constexpr size_t kWaitingQueries = 4;
constexpr int64_t kBoardDays = 31;

// Pages that the dashboard's own script draws.
constexpr std::string_view kPages[] = {"/",      "/device", "/alerts", "/anomalies",
                                       "/rules", "/data",   "/system"};

// Nothing from elsewhere, nothing inline, in no frame.
const HttpFields& SecurityHeaders() {
  static const HttpFields headers = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
       "frame-ancestors 'none'"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
  return headers;
}

HttpResponse Secured(HttpResponse response) {
  const HttpFields& more = SecurityHeaders();
  response.headers.insert(response.headers.end(), more.begin(), more.end());
  return response;
}

// Empty when only programs of this machine can connect.
std::string TokenFileFor(const Engine& engine, const HttpServer& server) {
  if (server.options().listen.IsLoopback()) return {};
  return AccessTokenFile(DataDir(engine.config()));
}

}  // namespace

void DashboardServer::RememberAnomalies() {
  // A lake without devices has no anomalies.
  if (fleet_.fleet_time_us() == kNoTime) return;
  AnomalyFilter filter;
  filter.from_us = fleet_.fleet_time_us() - kMicrosPerDay;
  auto rows = history_.Anomalies(filter, kFeedRows);
  if (!rows.ok()) {
    spdlog::warn("the dashboard does not know earlier anomalies: {}", rows.status().message());
    feed_.set_complete_from_us(INT64_MAX);
    return;
  }
  const bool has_all = rows->size() < kFeedRows;
  feed_.set_complete_from_us(has_all ? filter.from_us : rows->back().event_time_us + 1);
  std::reverse(rows->begin(), rows->end());
  fleet_.Remember(*rows);
}

void DashboardServer::RememberAlerts() {
  if (fleet_.fleet_time_us() == kNoTime) return;
  const auto changes = history_.AlertsFrom(fleet_.fleet_time_us() - kBoardDays * kMicrosPerDay);
  if (!changes.ok()) {
    spdlog::warn("the dashboard does not know earlier alerts: {}", changes.status().message());
    return;
  }
  board_.Add(*changes);
}

DashboardServer::DashboardServer(Engine* engine, ReloadDesk* reload_desk, Env* env,
                                 HttpServer* server)
    : engine_(engine),
      reload_desk_(reload_desk),
      env_(env),
      server_(server),
      feed_(kFeedRows),
      board_(kBoardAlerts),
      fleet_(&feed_, &board_, kRingBytes),
      tap_(&fleet_, &engine->config().devices),
      history_(engine->config(), env),
      access_(env, TokenFileFor(*engine, *server)),
      memory_work_(kWaitingRequests),
      table_work_(kWaitingRequests),
      query_work_(kWaitingQueries) {}

Result<std::unique_ptr<DashboardServer>> DashboardServer::Start(Engine* engine,
                                                                ReloadDesk* reload_desk, Env* env,
                                                                HttpServer* server,
                                                                std::string version) {
  std::unique_ptr<DashboardServer> dashboard(new DashboardServer(engine, reload_desk, env, server));
  engine->set_live_observer(&dashboard->tap_);
  dashboard->RememberAnomalies();
  dashboard->RememberAlerts();
  AVOCET_ASSIGN_OR_RETURN(dashboard->desk_,
                          AlertDesk::Open(OutboxPath(engine->config()), env, &dashboard->board_,
                                          &engine->config().devices));
  AVOCET_ASSIGN_OR_RETURN(dashboard->audit_, AuditLog::Open(AuditPath(engine->config()), env));
  dashboard->AddRoutes(std::move(version));
  return dashboard;
}

void DashboardServer::AddRoutes(std::string version) {
  pulse_received_ = engine_->progress().totals.received;
  pulse_at_ = env_->Monotonic();
  events_ = std::make_unique<EventStream>(
      &feed_, &board_, [this] { return Pulse(); },
      [this](const BoardAlert& alert, JsonWriter* json) {
        WriteAlert(alert, desk_->IsMuted(alert.last),
                   LabelsOf(engine_->config().devices, alert.last.device), json);
      });
  const ApiContext context{.engine = engine_,
                           .env = env_,
                           .fleet = &fleet_,
                           .feed = &feed_,
                           .board = &board_,
                           .desk = desk_.get(),
                           .history = &history_,
                           .access = &access_,
                           .audit = audit_.get(),
                           .reload_desk = reload_desk_,
                           .version = std::move(version),
                           .started_us = env_->NowMicros(),
                           .is_secure = !server_->options().tls_certificate_file.empty()};
  for (const auto& routes :
       {FleetRoutes(context), AnomalyRoutes(context), AlertRoutes(context), GateRoutes(context),
        ResetRoutes(context), RuleRoutes(context), QuietRoutes(context), HealthRoutes(context),
        LateRoutes(context), LakeRoutes(context), QueryRoutes(context), SystemRoutes(context),
        SessionRoutes(context)}) {
    for (const ApiRoute& route : routes) AddApi(route);
  }
  AddEvents();
  AddTap();
  AddWebFiles();
}

DashboardServer::~DashboardServer() {
  is_stopping_ = true;
  for (const uint64_t route : routes_) server_->router().Remove(route);
  engine_->set_live_observer(nullptr);
}

void DashboardServer::AddApi(const ApiRoute& route) {
  routes_.push_back(server_->router().Add(
      {.method = route.method,
       .pattern = route.path,
       .handler = [this, route](const HttpRequest& request,
                                HttpReply reply) { Answer(route, request, std::move(reply)); },
       .max_body_bytes = route.max_body_bytes,
       .tokens = nullptr}));
}

// The server may be shared with a source that lets any host name pass.
bool DashboardServer::IsForThisHost(const HttpRequest& request) const {
  if (access_.needs_token()) return true;
  const std::string_view host = request.Header("Host");
  const size_t port = host.rfind(':');
  const bool has_port = port != std::string_view::npos && host.find(']', port) == host.npos;
  return IsLoopbackHost(has_port ? host.substr(0, port) : host);
}

void DashboardServer::Answer(const ApiRoute& route, const HttpRequest& request, HttpReply reply) {
  const auto refuse = [&](int status, std::string_view code, std::string_view message) {
    reply.Send(Secured(HttpResponse::Error(status, code, message)));
  };
  if (!IsForThisHost(request)) {
    return refuse(403, "foreign_host", "the Host of the request is not this machine");
  }
  if (route.changes && !AccessControl::IsSameOrigin(request)) {
    return refuse(403, "foreign_origin",
                  "a request that changes something needs the header X-Avocet-Request, and comes "
                  "from no other site");
  }
  const auto caller = access_.Identify(request);
  if (!caller && !route.is_public) {
    return refuse(401, "no_token", "a token is needed; avocet access create makes one");
  }
  if (caller && caller->role < route.role) {
    audit_->Note({.actor = caller->name,
                  .remote = request.remote,
                  .action = "request refused",
                  .details = {{"path", request.path}}});
    return refuse(403, "not_allowed", "the role of this token does not allow that");
  }
  Caller who = caller.value_or(Caller());
  const auto answer = [](const ApiRoute& to, const HttpRequest& what, const Caller& from) {
    HttpResponse response = Secured(to.handler(what, from));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  };
  if (route.work == ApiWork::kNone) return reply.Send(answer(route, request, who));
  WorkQueue& queue = route.work == ApiWork::kMemory   ? memory_work_
                     : route.work == ApiWork::kTables ? table_work_
                                                      : query_work_;
  auto waiting = std::make_shared<HttpReply>(std::move(reply));
  who.has_gone = [this, waiting] { return is_stopping_ || waiting->IsClosed(); };
  const bool added = queue.Add([=] { waiting->Send(answer(route, request, who)); });
  if (!added) waiting->Send(Secured(HttpResponse::Busy(503, "busy", "too many requests wait", 1)));
}

bool DashboardServer::Admits(const HttpRequest& request, HttpReply* reply) {
  if (IsForThisHost(request) && access_.Identify(request)) return true;
  reply->Send(Secured(HttpResponse::Error(401, "no_token", "a token is needed")));
  return false;
}

void DashboardServer::AddEvents() {
  routes_.push_back(server_->router().Add({.method = "GET",
                                           .pattern = "/api/v1/events",
                                           .handler =
                                               [this](const HttpRequest& request, HttpReply reply) {
                                                 if (!Admits(request, &reply)) return;
                                                 events_->Serve(request, SecurityHeaders(),
                                                                std::move(reply));
                                               },
                                           .tokens = nullptr}));
}

void DashboardServer::AddTap() {
  routes_.push_back(server_->router().Add(
      {.method = "GET",
       .pattern = "/api/v1/tap",
       .handler =
           [this](const HttpRequest& request, HttpReply reply) {
             if (!Admits(request, &reply)) return;
             ApiQuery query(request, 0);
             const auto stage =
                 ParseTapStage(query.Word("stage", {"silver", "decode", "anomalies", "alerts"}));
             TapFilter filter{.stage = stage.value_or(TapStage::kSilver),
                              .metric = query.Text("metric"),
                              .labels = query.LabelPatterns()};
             if (request.Query("device")) filter.device = query.Text("device");
             if (const auto mistake = query.Mistake()) return reply.Send(Secured(*mistake));
             tap_.Serve(std::move(filter), SecurityHeaders(), std::move(reply));
           },
       .tokens = nullptr}));
}

void DashboardServer::AddWebFiles() {
  const auto add = [this](std::string_view path, const StaticFile& file) {
    routes_.push_back(server_->router().Add(
        {.method = "GET",
         .pattern = std::string(path),
         .handler = [&file](const HttpRequest& request,
                            HttpReply reply) { reply.Send(Secured(file.Answer(request))); },
         .tokens = nullptr}));
  };
  for (const WebFile& web : WebFiles()) {
    const StaticFile& file = files_.emplace_back(web.bytes, web.content_type);
    if (web.path != "/index.html") {
      add(web.path, file);
      continue;
    }
    for (const std::string_view page : kPages) add(page, file);
  }
}

std::string DashboardServer::Pulse() {
  const Status refreshed = desk_->Refresh();
  if (!refreshed.ok()) {
    spdlog::warn("cannot read what people did about alerts: {}", refreshed.message());
  }
  const Progress progress = engine_->progress();
  const auto now = env_->Monotonic();
  const double seconds = std::chrono::duration<double>(now - pulse_at_).count();
  const auto more = static_cast<double>(progress.totals.received - pulse_received_);
  pulse_at_ = now;
  pulse_received_ = progress.totals.received;
  const int64_t wall_us = env_->NowMicros();
  const int64_t newest_us = fleet_.fleet_time_us();
  JsonWriter json;
  json.BeginObject().Field("wall_us", wall_us);
  json.Field("now_us", newest_us == kNoTime ? wall_us : newest_us);
  json.Field("has_readings", newest_us != kNoTime);
  json.Field("readings_per_second", seconds > 0 ? more / seconds : 0.0);
  json.Field("received", progress.totals.received).Field("anomalies", progress.totals.anomalies);
  json.Field("quarantined", progress.totals.quarantined).Field("late", progress.totals.late);
  json.Field("lag_bytes", progress.lag_bytes).Field("commits", progress.commits);
  json.Field("last_commit_us", progress.last_commit_us).Field("problem", progress.problem);
  json.Key("states").BeginObject();
  const auto counts = fleet_.CountStates();
  for (size_t i = 0; i < counts.size(); ++i) {
    json.Field(DeviceStateName(static_cast<DeviceState>(i)), counts[i]);
  }
  json.EndObject().Key("alerts").BeginObject();
  const AlertBoard::Page page = board_.Find(AlertFilter(), 0);
  for (size_t i = 0; i < kNumAlertStages; ++i) {
    json.Field(AlertStageName(static_cast<AlertStage>(i)), page.stages[i]);
  }
  json.EndObject().EndObject();
  return json.Take();
}

}  // namespace avocet
