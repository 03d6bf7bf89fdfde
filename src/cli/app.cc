#include "src/cli/app.h"

#include <cstdio>

#include "src/cli/audit.h"
#include "src/cli/command.h"
#include "src/cli/fit_rul.h"
#include "src/cli/health.h"

namespace avocet {
namespace {

constexpr int kUsage = 64;

constexpr AddCommand kCommands[] = {
    AddInitCommand,       AddRunCommand,        AddCheckCommand,      AddQueryCommand,
    AddDetectCommand,     AddScoreCommand,      AddSimulateCommand,   AddReplayCommand,
    AddTopCommand,        AddTapCommand,        AddQuarantineCommand, AddFsckCommand,
    AddOptimizeCommand,   AddVacuumCommand,     AddForgetCommand,     AddRebuildCommand,
    AddConfigCommand,     AddComponentsCommand, AddTokenCommand,      AddAccessCommand,
    AddAuditCommand,      AddAnomaliesCommand,  AddAlertsCommand,     AddNotifyCommand,
    AddHealthCommand,     AddFitRulCommand,     AddAwsCommand,        AddCatalogCommand,
    AddCompletionCommand, AddManCommand,        AddVersionCommand,
};

}  // namespace

int RunCommandLine(int argc, char** argv) {
  CLI::App app("avocet: raw sensor readings in, a Delta lakehouse with explained anomalies out",
               "avocet");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  int exit_code = 0;
  for (const AddCommand add : kCommands) add(&app, &exit_code);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return exit_code;
}

}  // namespace avocet
