#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "src/alert/notifier.h"
#include "src/base/json_writer.h"
#include "src/catalog/catalog_registrar.h"
#include "src/catalog/lineage_reporter.h"
#include "src/cli/command.h"
#include "src/cli/progress_line.h"
#include "src/cli/source_argument.h"
#include "src/cli/tell.h"
#include "src/cli/version.h"
#include "src/config/load.h"
#include "src/engine/acknowledgement_keeper.h"
#include "src/engine/builtin_components.h"
#include "src/engine/engine.h"
#include "src/engine/owned_lake.h"
#include "src/engine/quarantine_retry.h"
#include "src/env/signals.h"
#include "src/net/listen_sockets.h"
#include "src/server/cloudwatch_publisher.h"
#include "src/server/pipeline_monitor.h"
#include "src/server/reload_desk.h"
#include "src/server/serve.h"

namespace avocet {
namespace {

struct RunArguments {
  std::string config;
  std::vector<std::string> sources;
  std::string lake;
  std::string listen;
  bool once = false;
  bool quiet = false;
  std::string report;
  std::string public_url;
};

constexpr const char* kInbox = "./inbox";
// How long a run that ends waits for alerts to be delivered; the next run sends the rest.
constexpr std::chrono::seconds kLastDeliveries{10};

// The first HTTP source listens at `address`; one is added when there is none.
Status ListenAt(const std::string& address, Config* config) {
  const auto listens = [](const SourceConfig& source) {
    return std::holds_alternative<HttpSourceConfig>(source.options);
  };
  auto found = std::find_if(config->sources.begin(), config->sources.end(), listens);
  if (found == config->sources.end()) {
    AVOCET_ASSIGN_OR_RETURN(SourceConfig source, ParseSourceArgument("http", config->sources));
    config->sources.push_back(std::move(source));
    found = std::prev(config->sources.end());
  }
  std::get<HttpSourceConfig>(found->options).listen = address;
  return Status::Ok();
}

Result<Config> Configure(const RunArguments& arguments, std::string* mistakes) {
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config, mistakes));
  if (!arguments.lake.empty()) config.storage.lake = arguments.lake;
  AVOCET_RETURN_IF_ERROR(CheckLakePath(config.storage.lake));
  if (!arguments.sources.empty()) {
    config.sources.clear();
    for (const std::string& text : arguments.sources) {
      AVOCET_ASSIGN_OR_RETURN(SourceConfig source, ParseSourceArgument(text, config.sources));
      config.sources.push_back(std::move(source));
    }
  }
  if (config.sources.empty() && config.file.empty()) {
    AVOCET_RETURN_IF_ERROR(Env::Posix()->MakeDirectories(kInbox));
    for (const char* text : {kInbox, "http"}) {
      AVOCET_ASSIGN_OR_RETURN(SourceConfig source, ParseSourceArgument(text, config.sources));
      config.sources.push_back(std::move(source));
    }
  }
  if (!arguments.listen.empty()) AVOCET_RETURN_IF_ERROR(ListenAt(arguments.listen, &config));
  if (config.sources.empty()) {
    return Status::Config(config.file + " names no sources; add `sources:`, or give --source");
  }
  return config;
}

void Explain(const Config& config, const RunArguments& arguments) {
  if (arguments.quiet) return;
  const bool from_terminal =
      std::any_of(config.sources.begin(), config.sources.end(), [](const SourceConfig& source) {
        return std::holds_alternative<StdinSourceConfig>(source.options);
      });
  if (from_terminal && StandardInputIsTerminal()) {
    Tell("Reading records from this terminal; Ctrl-D ends them.\n");
  }
  if (!config.file.empty()) return;
  const std::string input =
      arguments.sources.empty()
          ? fmt::format("files that you put into {}: CSV or JSON, also .gz and .zst", kInbox)
          : fmt::format("{}", fmt::join(arguments.sources, ", "));
  const HttpSourceConfig* http_source = arguments.once ? nullptr : FirstHttpSource(config);
  std::string http;
  if (http_source != nullptr) {
    const int64_t now_s = Env::Posix()->NowMicros() / 1'000'000;
    http = fmt::format(
        "           curl -H 'Content-Type: application/json' http://{}/api/v1/readings \\\n"
        "             -d '{{\"device_id\": \"d1\", \"timestamp\": {}, \"temperature\": 21.5}}'\n",
        http_source->listen, now_s);
  }
  fmt::print(
      stderr,
      "avocet runs without a configuration file.\n"
      "  input    {}\n"
      "{}"
      "  fields   device_id and timestamp (ISO 8601, or seconds since 1970) in each record;\n"
      "           every number beside them becomes a metric. Other names? avocet init FILE\n"
      "  tables   {}/{}/{{raw,processed,analytics}}\n"
      "  query    avocet query \"SELECT * FROM {}.analytics.anomalies LIMIT 10\"\n"
      "  try it   avocet run --source simulate\n"
      "  stop     Ctrl-C\n\n",
      input, http, config.storage.lake, config.storage.catalog, config.storage.catalog);
}

void Summarize(const Engine& engine, const RunArguments& arguments) {
  const Progress p = engine.progress();
  const Config& config = engine.config();
  const std::string& catalog = config.storage.catalog;
  Tell(
      "{} records: {} in bronze, {} quarantined, {} duplicates. {} {}, {} anomalies, "
      "{} late.\n",
      WithThousands(p.totals.received), WithThousands(p.totals.accepted),
      WithThousands(p.totals.quarantined), WithThousands(p.totals.duplicates),
      WithThousands(p.devices), p.devices == 1 ? "device" : "devices",
      WithThousands(p.totals.anomalies), WithThousands(p.totals.late));
  if (p.totals.received == 0 && config.file.empty() && arguments.sources.empty()) {
    Tell("There was nothing to read in {}.\n", kInbox);
    return;
  }
  const std::string lake = config.storage.lake;
  const std::string option =
      arguments.config.empty() && arguments.lake.empty() ? "" : " --lake " + lake;
  Tell("Tables are in {}/{}. Look at them:\n", lake, catalog);
  Tell(
      "  avocet query{} \"SELECT device_id, metric, event_time, value, score, reason FROM "
      "{}.analytics.anomalies ORDER BY score DESC LIMIT 10\"\n",
      option, catalog);
  if (p.totals.quarantined == 0) return;
  Tell(
      "  avocet query{} \"SELECT code, message, count(*) FROM {}.raw.quarantine GROUP BY 1, "
      "2\"   # why records were refused\n",
      option, catalog);
  if (p.totals.accepted == 0 && config.file.empty()) {
    Tell(
        "No record was accepted. avocet init FILE makes a configuration that fits the "
        "records.\n");
  }
}

// What a benchmark or a curious person wants to know of a run, as JSON.
std::string ReportJson(const Engine& engine, double seconds) {
  const Progress p = engine.progress();
  const ProcessUsage usage = UsageSoFar();
  JsonWriter json;
  json.BeginObject().Field("received", p.totals.received).Field("accepted", p.totals.accepted);
  json.Field("quarantined", p.totals.quarantined).Field("duplicates", p.totals.duplicates);
  json.Field("late", p.totals.late).Field("anomalies", p.totals.anomalies);
  json.Field("devices", p.devices).Field("state_bytes", uint64_t{engine.StateBytes()});
  json.Field("lag_bytes", p.lag_bytes).Field("lag_records", p.lag_records);
  json.Field("lag_ms", p.lag_ms);
  json.Field("commits", p.commits).Field("seconds", seconds);
  json.Field("start_epoch", engine.recovery().epoch);
  json.Field("snapshot_epoch", engine.recovery().snapshot_epoch);
  json.Field("replayed_rows", engine.recovery().replayed_rows);
  json.Field("user_seconds", usage.user_seconds).Field("system_seconds", usage.system_seconds);
  json.Field("peak_memory_bytes", usage.peak_memory_bytes);
  json.Key("stage_seconds").BeginObject();
  for (size_t i = 0; i < kNumStages; ++i) {
    const auto stage = static_cast<Stage>(i);
    json.Field(StageName(stage), engine.clock().at(stage).sum_seconds());
  }
  json.EndObject().Key("judgement_ms").BeginObject();
  for (const double q : {0.5, 0.99, 1.0}) {
    json.Field(
        fmt::format("p{:g}", q * 100),
        static_cast<double>(engine.clock().at(CommitStage::kJudged).Quantile(q).count()) * 1e-6);
  }
  json.EndObject().EndObject();
  return json.Take() + "\n";
}

// Null when nobody is to be told.
Result<std::unique_ptr<Notifier>> StartNotifier(const Config& config, const std::string& url,
                                                MessageLatency* latency, const Serving* serving) {
  if (config.alerts.channels.empty()) return std::unique_ptr<Notifier>();
  return Notifier::Start(
      {.config = config.alerts,
       .devices = config.devices,
       .env = Env::Posix(),
       .outbox_path = OutboxPath(config),
       .make_channel = MakeAlertChannel,
       .dashboard_url = url,
       .latency = latency,
       .draw_chart = [serving](const AlertChange& change) { return serving->Chart(change); },
       .look_back = [serving](const AlertChange& change) { return serving->SeenBefore(change); }});
}

// Null when nobody is to be told, or the run ends by itself and says how it went.
Result<std::unique_ptr<PipelineMonitor>> StartMonitor(const Engine& engine, Notifier* notifier,
                                                      bool once) {
  if (notifier == nullptr || once || !engine.config().alerts.pipeline.enabled) {
    return std::unique_ptr<PipelineMonitor>();
  }
  return PipelineMonitor::Start(&engine, notifier, Env::Posix());
}

// Null when nothing is to be published.
Result<std::unique_ptr<CloudWatchPublisher>> StartCloudWatch(const Engine& engine) {
  if (!engine.config().cloudwatch.IsOn()) return std::unique_ptr<CloudWatchPublisher>();
  return CloudWatchPublisher::Start({.config = &engine.config(),
                                     .env = Env::Posix(),
                                     .progress = [&engine] { return engine.progress(); },
                                     .transport = nullptr});
}

void FinishDeliveries(Notifier* notifier) {
  const auto waiting = notifier->Drain(kLastDeliveries);
  if (!waiting.ok()) {
    spdlog::error("cannot tell whether all alerts were delivered: {}", waiting.status().message());
  } else if (*waiting > 0) {
    spdlog::warn("{} alerts are not delivered yet; the next run sends them", *waiting);
  }
}

// To the address of the dashboard the name of a page is added. Returns what is wrong with it.
std::string CheckPublicUrl(std::string& url) {
  const bool is_web = url.starts_with("http://") || url.starts_with("https://");
  if (!is_web || url.find_first_of(" <>\"?#") != std::string::npos) {
    return "give an address such as https://avocet.example.com/";
  }
  if (url.back() != '/') url += '/';
  return {};
}

/// What is the same whatever the configuration.
struct RunContext {
  const RunArguments& arguments;
  ReloadDesk* desk = nullptr;  // null: the configuration does not change
  std::chrono::nanoseconds started{0};
  ListenSockets sockets;
  bool told_url = false;
};

Status Finish(const Engine& engine, Notifier* notifier, const RunContext& context) {
  const RunArguments& arguments = context.arguments;
  if (notifier != nullptr) FinishDeliveries(notifier);
  if (!arguments.report.empty()) {
    const std::chrono::duration<double> seconds = Env::Posix()->Monotonic() - context.started;
    AVOCET_RETURN_IF_ERROR(Env::Posix()->PutDurably(
        arguments.report, ReportJson(engine, seconds.count()), PutMode::kReplace));
  }
  if (!arguments.quiet) Summarize(engine, arguments);
  return Status::Ok();
}

/// Ends the deliveries of a notifier, which may be null.
class DeliveriesUntilHere {
 public:
  explicit DeliveriesUntilHere(Notifier* notifier) : notifier_(notifier) {}
  DeliveriesUntilHere(const DeliveriesUntilHere&) = delete;
  DeliveriesUntilHere& operator=(const DeliveriesUntilHere&) = delete;
  ~DeliveriesUntilHere() {
    if (notifier_ != nullptr) notifier_->StopDeliveries();
  }

 private:
  Notifier* const notifier_;
};

// Runs an engine until its end, or until another configuration is to be taken over. `on_open`: it
// is about to read its sources; an error before is one of the configuration or its surroundings.
Status RunEngine(const Config& config, RunContext* context, const std::function<void()>& on_open) {
  const RunArguments& arguments = context->arguments;
  // All are made once the lake is locked, so that there is one sender.
  std::unique_ptr<Notifier> notifier;
  CloudWatchPublisher* counter = nullptr;
  std::unique_ptr<LineageReporter> lineage;
  EngineOptions options{.once = arguments.once,
                        .on_step = {},
                        .on_alerts = {},
                        .before_commit = {},
                        .on_commit = {},
                        .sockets = &context->sockets};
  options.on_alerts = [&](std::span<const AlertChange> changes, int64_t arrived_us) {
    if (notifier != nullptr) notifier->Publish(changes, arrived_us);
    if (counter != nullptr) counter->CountAlerts(changes);
  };
  if (!config.alerts.channels.empty()) {
    options.before_commit = [&] { return notifier->WaitUntilStored(); };
  }
  options.on_commit = [&](const EpochCommit& commit) {
    if (lineage != nullptr) lineage->Committed(commit);
  };
  AVOCET_ASSIGN_OR_RETURN(const auto opened,
                          Engine::Open(config, Env::Posix(), std::move(options)));
  Engine& engine = *opened;
  AVOCET_ASSIGN_OR_RETURN(const auto serving, Serving::Start(&engine, Env::Posix(), Version(),
                                                             arguments.once, context->desk));
  const std::string url = serving->Url();
  if (!url.empty() && !arguments.quiet && !std::exchange(context->told_url, true)) {
    Tell("Dashboard: {}\n", url);
  }
  AVOCET_ASSIGN_OR_RETURN(
      notifier, StartNotifier(config, arguments.public_url.empty() ? url : arguments.public_url,
                              &engine.clock()->to_alert(), serving.get()));
  serving->set_notifier(notifier.get());
  // Charts are drawn from what is served.
  const DeliveriesUntilHere deliveries(notifier.get());
  AVOCET_ASSIGN_OR_RETURN(const auto cloudwatch, StartCloudWatch(engine));
  counter = cloudwatch.get();
  AVOCET_ASSIGN_OR_RETURN(auto monitor, StartMonitor(engine, notifier.get(), arguments.once));
  std::optional<CatalogRegistrar> registrar;
  if (engine.config().catalog.IsOn() && engine.config().catalog.register_at_start) {
    registrar.emplace(&engine.config(), Env::Posix());
  }
  const RecoveryReport& recovery = engine.recovery();
  if (recovery.epoch > 0) {
    spdlog::info(
        "continuing after epoch {}: state from snapshot {}, {} rows replayed, {} epochs "
        "repaired",
        recovery.epoch, recovery.snapshot_epoch, recovery.replayed_rows, recovery.repaired_epochs);
  }
  std::optional<AcknowledgementKeeper> acknowledgements;
  acknowledgements.emplace(engine.config(), Env::Posix(), engine.tables());
  if (config.lineage.IsOn()) {
    AVOCET_ASSIGN_OR_RETURN(lineage, LineageReporter::Start(config, Env::Posix(), Version()));
  }
  on_open();
  Status ran;
  {
    ProgressLine progress(&engine, context->desk, arguments.quiet);
    ran = engine.Run();
  }
  if (lineage != nullptr) lineage->Ended(ran);
  AVOCET_RETURN_IF_ERROR(std::move(ran));
  monitor.reset();
  acknowledgements.reset();
  const bool goes_on =
      context->desk != nullptr && context->desk->HasNext() && !TerminationRequested();
  return goes_on ? Status::Ok() : Finish(engine, notifier.get(), *context);
}

int Run(const RunArguments& arguments) {
  CatchTermination();
  std::string mistakes;
  auto config = Configure(arguments, &mistakes);
  std::fputs(mistakes.c_str(), stderr);
  if (!config.ok()) return Report(config.status());
  SetUpLogging(config->log);
  Explain(*config, arguments);
  ReloadDesk desk(Env::Posix(), [&]() -> Result<Config> {
    std::string text;
    auto wanted = Configure(arguments, &text);
    if (wanted.ok() || text.empty()) return wanted;
    text.pop_back();
    return Status::Config(wanted.status().message() + "\n" + text);
  });
  if (!arguments.once) CatchHangup();
  RunContext context{.arguments = arguments,
                     .desk = arguments.once ? nullptr : &desk,
                     .started = Env::Posix()->Monotonic(),
                     .sockets = {}};
  std::optional<Config> former;  // that ran before `config`
  bool is_new = true;
  for (;;) {
    bool is_open = false;
    context.sockets.StartRound();
    Status status = RunEngine(*config, &context, [&] {
      is_open = true;
      context.sockets.EndRound();
      if (is_new) desk.TookOver(*config);
    });
    if (!status.ok() && !is_open && former) {
      desk.Failed(status);
      config = *std::exchange(former, std::nullopt);
      SetUpLogging(config->log);
      is_new = false;
      continue;
    }
    if (!status.ok()) return Report(status);
    std::optional<Config> next = desk.TakeNext();
    const std::optional<std::string> retry = desk.TakeRetry();
    if ((!next && !retry) || TerminationRequested()) return 0;
    if (retry) desk.Retried(*retry, RetryQuarantine(*config, Env::Posix(), {.code = *retry}));
    former.reset();
    is_new = next.has_value();
    if (!next) continue;
    former = std::exchange(*config, *std::move(next));
    SetUpLogging(config->log);
  }
}

}  // namespace

void AddRunCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app->add_subcommand("run", "Read sources, keep the lakehouse up to date");
  command->add_option("-c,--config", arguments->config,
                      "Configuration file (default: avocet.yaml)");
  command->add_option("--source", arguments->sources,
                      "Read this instead of the configured sources: - for standard input, a file, "
                      "glob or directory, or simulate");
  command->add_option("--lake", arguments->lake, "Lake directory, or s3://bucket/prefix");
  command->add_option("--listen", arguments->listen,
                      "Take readings by HTTP at this address (without a configuration: "
                      "127.0.0.1:8080)");
  command->add_flag("--once", arguments->once, "Drain the inputs and exit");
  command->add_flag("-q,--quiet", arguments->quiet, "No progress and no summary");
  command->add_option("--report", arguments->report,
                      "Write counters, stage times and memory of the run to this file, as JSON");
  command
      ->add_option("--public-url", arguments->public_url,
                   "Where people find the dashboard, for links in messages about alerts (default: "
                   "where it is served)")
      ->transform(CLI::Validator(CheckPublicUrl, "URL"));
  command->callback([arguments, exit_code] { *exit_code = Run(*arguments); });
}

}  // namespace avocet
