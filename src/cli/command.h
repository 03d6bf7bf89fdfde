// What every command of the command line shares.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "src/base/status.h"
#include "src/config/config.h"

namespace avocet {

/// Registers a subcommand whose callback stores the exit code of the run in `*exit_code`.
using AddCommand = void (*)(CLI::App* app, int* exit_code);

/// Loads `path`; an empty path means ./avocet.yaml when there is one, else the built-in defaults.
/// Mistakes are printed on stderr as file:line:col and become kConfig.
Result<Config> LoadConfig(const std::string& path);
/// The same; mistakes go to `*mistakes` instead of stderr.
Result<Config> LoadConfig(const std::string& path, std::string* mistakes);

/// Prints `error: <message>` on stderr and returns the sysexits code.
int Report(const Status& status);

/// Logs go to stderr, text on a terminal and JSON otherwise, unless the configuration says.
void SetUpLogging(const LogConfig& config);

void AddRunCommand(CLI::App* app, int* exit_code);
void AddCheckCommand(CLI::App* app, int* exit_code);
void AddConfigCommand(CLI::App* app, int* exit_code);
void AddComponentsCommand(CLI::App* app, int* exit_code);
void AddVersionCommand(CLI::App* app, int* exit_code);
void AddInitCommand(CLI::App* app, int* exit_code);
void AddSimulateCommand(CLI::App* app, int* exit_code);
void AddReplayCommand(CLI::App* app, int* exit_code);
void AddDetectCommand(CLI::App* app, int* exit_code);
void AddScoreCommand(CLI::App* app, int* exit_code);
void AddQueryCommand(CLI::App* app, int* exit_code);
void AddCompletionCommand(CLI::App* app, int* exit_code);
void AddQuarantineCommand(CLI::App* app, int* exit_code);
void AddFsckCommand(CLI::App* app, int* exit_code);
void AddOptimizeCommand(CLI::App* app, int* exit_code);
void AddVacuumCommand(CLI::App* app, int* exit_code);
void AddForgetCommand(CLI::App* app, int* exit_code);
void AddRebuildCommand(CLI::App* app, int* exit_code);
void AddTokenCommand(CLI::App* app, int* exit_code);
void AddAccessCommand(CLI::App* app, int* exit_code);
void AddNotifyCommand(CLI::App* app, int* exit_code);
void AddAnomaliesCommand(CLI::App* app, int* exit_code);
void AddAlertsCommand(CLI::App* app, int* exit_code);
void AddAwsCommand(CLI::App* app, int* exit_code);
void AddManCommand(CLI::App* app, int* exit_code);
void AddCatalogCommand(CLI::App* app, int* exit_code);
void AddTopCommand(CLI::App* app, int* exit_code);
void AddTapCommand(CLI::App* app, int* exit_code);

}  // namespace avocet
