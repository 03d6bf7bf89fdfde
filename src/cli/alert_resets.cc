// alerts reset: detectors say again what they had muted because it came too often.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "src/alert/reset_log.h"
#include "src/cli/command.h"
#include "src/cli/lake_arguments.h"
#include "src/cli/stored_alerts.h"
#include "src/engine/audit_log.h"
#include "src/engine/known_series.h"
#include "src/engine/owned_lake.h"

namespace avocet {
namespace {

struct ResetArguments : LakeArguments {
  std::string device;
  std::string metric;
  std::string by;
};

Status Reset(const ResetArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(const Config config, LoadLakeConfig(arguments));
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_RETURN_IF_ERROR(RequireSeries(config, Env::Posix(), arguments.device, arguments.metric));
  AVOCET_RETURN_IF_ERROR(Env::Posix()->MakeDirectories(DataDir(config)));
  AVOCET_ASSIGN_OR_RETURN(const auto log, ResetLog::Open(OutboxPath(config)));
  const std::string actor = ActorOr(arguments.by);
  AVOCET_ASSIGN_OR_RETURN(const int64_t id, log->Add({.device = arguments.device,
                                                      .metric = arguments.metric,
                                                      .created_us = Env::Posix()->NowMicros(),
                                                      .actor = actor,
                                                      .from_us = {}}));
  NoteAudit(config, Env::Posix(),
            {.actor = actor,
             .remote = "",
             .action = "muted series reset",
             .details = {{"reset", std::to_string(id)},
                         {"device", arguments.device},
                         {"metric", arguments.metric}}});
  fmt::print(
      "what detectors muted of {} of {} is said again, from the readings that come now on: a "
      "running "
      "avocet takes it over within a second, else the next one does\n",
      arguments.metric.empty() ? "all metrics" : arguments.metric, arguments.device);
  return Status::Ok();
}

}  // namespace

void AddResetCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<ResetArguments>();
  CLI::App* reset = app->add_subcommand(
      "reset", "Let detectors say again of a device what they muted because it came too often");
  reset->add_option("device", arguments->device, "Its name")->required();
  reset->add_option("--metric", arguments->metric, "Only this metric");
  reset->add_option("--by", arguments->by, "Who does it (default: $USER)");
  AddLakeOptions(reset, arguments.get());
  reset->callback([arguments, exit_code] { *exit_code = Report(Reset(*arguments)); });
}

}  // namespace avocet
