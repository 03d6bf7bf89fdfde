#include "src/server/serve.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "src/server/alert_chart.h"

namespace avocet {
namespace {

constexpr uint16_t kFirstPort = 8080;
constexpr uint16_t kLastPort = 8089;

}  // namespace

Status Serving::Listen(Engine* engine, bool once) {
  const ServerConfig& config = engine->config().server;
  const HttpSourceConfig* source = FirstHttpSource(engine->config());
  if (!config.enabled || (once && config.listen.empty())) return Status::Ok();
  HttpServerOptions options;
  options.tls_certificate_file = config.tls_certificate_file;
  options.tls_key_file = config.tls_key_file;
  const std::string address =
      config.listen.empty() && source != nullptr ? source->listen : config.listen;
  if (!address.empty()) {
    AVOCET_ASSIGN_OR_RETURN(options.listen, ParseListenAddress(address));
    options.loopback_hosts_only = options.listen.IsLoopback();
    AVOCET_ASSIGN_OR_RETURN(server_, engine->hub()->Server(options));
    return server_->Start();
  }
  options.loopback_hosts_only = true;
  for (uint16_t port = kFirstPort; port <= kLastPort; ++port) {
    options.listen.port = port;
    AVOCET_ASSIGN_OR_RETURN(server_, engine->hub()->Server(options));
    const Status status = server_->Start();
    if (status.ok() || status.code() != StatusCode::kUnavailable) return status;
  }
  server_ = nullptr;
  spdlog::warn("ports {} to {} are taken: there is no dashboard; server.listen names another",
               kFirstPort, kLastPort);
  return Status::Ok();
}

Result<std::unique_ptr<Serving>> Serving::Start(Engine* engine, Env* env,
                                                const std::string& version, bool once,
                                                ReloadDesk* desk) {
  std::unique_ptr<Serving> serving(new Serving());
  const Status status = serving->Listen(engine, once);
  if (!status.ok()) return status.WithContext("cannot serve the dashboard");
  if (serving->server_ == nullptr) return serving;
  if (!serving->server_->warning().empty()) spdlog::error("{}", serving->server_->warning());
  serving->status_ = std::make_unique<StatusEndpoints>(engine, desk, serving->server_, version);
  AVOCET_ASSIGN_OR_RETURN(serving->dashboard_,
                          DashboardServer::Start(engine, desk, env, serving->server_, version));
  serving->status_->set_alert_metrics([self = serving.get()] { return self->AskForAlerts(); });
  return serving;
}

AlertMetrics Serving::AskForAlerts() const {
  AlertMetrics metrics{
      .firing = dashboard_->board().CountFiring(),
      .silent_devices =
          dashboard_->fleet().CountStates()[static_cast<size_t>(DeviceState::kSilent)],
      .channels = {}};
  Notifier* const notifier = notifier_;
  if (notifier == nullptr) return metrics;
  auto counts = notifier->Counts();
  // The outbox tells of its own trouble in the log.
  if (counts.ok()) metrics.channels = std::move(counts).value();
  return metrics;
}

std::string Serving::Chart(const AlertChange& change) const {
  return dashboard_ == nullptr ? std::string() : AlertChart(dashboard_->fleet(), change);
}

std::string Serving::SeenBefore(const AlertChange& change) const {
  return dashboard_ == nullptr ? std::string() : dashboard_->board().Similar(change, 1).Sentence();
}

std::string Serving::Url() const {
  if (server_ == nullptr) return {};
  const bool is_secure = !server_->options().tls_certificate_file.empty();
  ListenAddress address = server_->options().listen;
  address.port = server_->port();
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return fmt::format("{}://{}/", is_secure ? "https" : "http", address.Text());
}

}  // namespace avocet
