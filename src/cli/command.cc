#include "src/cli/command.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <utility>

#include "src/cli/config_file.h"
#include "src/cli/json_log.h"
#include "src/cli/tell.h"
#include "src/env/env.h"
#include "src/env/signals.h"

namespace avocet {

Result<Config> LoadConfig(const std::string& path) {
  std::string mistakes;
  auto config = LoadConfig(path, &mistakes);
  std::fputs(mistakes.c_str(), stderr);
  return config;
}

Result<Config> LoadConfig(const std::string& path, std::string* mistakes) {
  AVOCET_ASSIGN_OR_RETURN(ConfigFile file, ReadConfigFile(path, FilesOf(Env::Posix())));
  return ConfigOf(std::move(file), mistakes);
}

int Report(const Status& status) {
  if (!status.ok()) Tell("error: {}\n", status.message());
  return ExitCode(status);
}

void SetUpLogging(const LogConfig& config) {
  auto logger =
      std::make_shared<spdlog::logger>("avocet", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::from_str(config.level));
  const bool json =
      config.format == "json" || (config.format == "auto" && !StandardErrorIsTerminal());
  if (json) {
    logger->set_formatter(MakeJsonLogFormatter());
  } else {
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l  %v");
  }
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace avocet
