#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <thread>

#include "src/cli/command.h"
#include "src/cli/progress_line.h"
#include "src/cli/source_argument.h"
#include "src/config/load.h"
#include "src/engine/engine.h"
#include "src/env/signals.h"

namespace avocet {
namespace {

struct RunArguments {
  std::string config;
  std::vector<std::string> sources;
  std::string lake;
  bool once = false;
  bool quiet = false;
};

constexpr const char* kInbox = "./inbox";

Result<Config> Configure(const RunArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config));
  if (!arguments.lake.empty()) config.storage.lake = arguments.lake;
  if (!arguments.sources.empty()) {
    config.sources.clear();
    for (const std::string& text : arguments.sources) {
      AVOCET_ASSIGN_OR_RETURN(SourceConfig source, ParseSourceArgument(text, config.sources));
      config.sources.push_back(std::move(source));
    }
  }
  if (config.sources.empty() && config.file.empty()) {
    AVOCET_RETURN_IF_ERROR(Env::Posix()->MakeDirectories(kInbox));
    AVOCET_ASSIGN_OR_RETURN(SourceConfig source, ParseSourceArgument(kInbox, {}));
    config.sources.push_back(std::move(source));
  }
  if (config.sources.empty()) {
    return Status::Config(config.file + " names no sources; add `sources:`, or give --source");
  }
  return config;
}

void Explain(const Config& config, const RunArguments& arguments) {
  if (!config.file.empty() || !arguments.sources.empty() || arguments.quiet) return;
  fmt::print(stderr,
             "avocet runs without a configuration file.\n"
             "  input    drop NDJSON or CSV files (.gz, .zst) into {}; each needs device_id and\n"
             "           timestamp fields, every other number becomes a metric\n"
             "  tables   {}/{}/{{raw,processed,analytics}}\n"
             "  query    avocet query \"SELECT * FROM {}.analytics.anomalies LIMIT 10\"\n"
             "  tailor   avocet init SAMPLE.csv writes a commented avocet.yaml\n"
             "  stop     Ctrl-C\n\n",
             kInbox, config.storage.lake, config.storage.catalog, config.storage.catalog);
}

void Summarize(const Engine& engine) {
  const Progress p = engine.progress();
  const Config& config = engine.config();
  fmt::print(stderr,
             "{} records: {} in bronze, {} quarantined, {} duplicates. {} devices, {} anomalies, "
             "{} late.\n",
             p.totals.received, p.totals.accepted, p.totals.quarantined, p.totals.duplicates,
             p.devices, p.totals.anomalies, p.totals.late);
  fmt::print(stderr, "Tables are in {}/{}. Look at them:\n", config.storage.lake,
             config.storage.catalog);
  fmt::print(
      stderr,
      "  avocet query --lake {} \"SELECT device_id, metric, event_time, value, score, reason "
      "FROM {}.analytics.anomalies ORDER BY score DESC LIMIT 10\"\n",
      config.storage.lake, config.storage.catalog);
}

int Run(const RunArguments& arguments) {
  auto config = Configure(arguments);
  if (!config.ok()) return Report(config.status());
  SetUpLogging(config->log);
  Explain(*config, arguments);
  CatchTermination();
  auto opened = Engine::Open(*config, Env::Posix(), {.once = arguments.once});
  if (!opened.ok()) return Report(opened.status());
  Engine& engine = **opened;
  const RecoveryReport& recovery = engine.recovery();
  if (recovery.epoch > 0) {
    spdlog::info(
        "continuing after epoch {}: state from snapshot {}, {} rows replayed, {} epochs "
        "repaired",
        recovery.epoch, recovery.snapshot_epoch, recovery.replayed_rows, recovery.repaired_epochs);
  }
  Status status;
  {
    ProgressLine progress(&engine, arguments.quiet);
    status = engine.Run();
  }
  if (!status.ok()) return Report(status);
  if (!arguments.quiet) Summarize(engine);
  return 0;
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
  command->add_option("--lake", arguments->lake, "Lake directory");
  command->add_flag("--once", arguments->once, "Drain the inputs and exit");
  command->add_flag("-q,--quiet", arguments->quiet, "No progress and no summary");
  command->callback([arguments, exit_code] { *exit_code = Run(*arguments); });
}

}  // namespace avocet
