#include "src/cli/command.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "src/cli/json_log.h"
#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/env/env.h"
#include "src/env/program.h"
#include "src/env/signals.h"

namespace avocet {
namespace {

constexpr const char* kDefaultFile = "avocet.yaml";

}  // namespace

Result<Config> LoadConfig(const std::string& path) {
  std::string mistakes;
  auto config = LoadConfig(path, &mistakes);
  std::fputs(mistakes.c_str(), stderr);
  return config;
}

Result<Config> LoadConfig(const std::string& path, std::string* mistakes) {
  std::string file = path;
  if (file.empty()) {
    if (!Env::Posix()->Stat(kDefaultFile).ok()) return DefaultConfig(DetectorSpecs());
    file = kDefaultFile;
  }
  auto text = Env::Posix()->ReadFile(file);
  if (!text.ok()) return Status::Config(text.status().message());
  LoadedConfig loaded =
      ParseConfig(*text, file, EnvironmentVariable, DetectorSpecs(), FilesOf(Env::Posix()));
  if (loaded.errors.empty()) return std::move(loaded.config);
  *mistakes = FormatErrors(loaded.errors, file, *text);
  const size_t count = loaded.errors.size();
  return Status::Config(
      fmt::format("{} has {} {}", file, count, count == 1 ? "mistake" : "mistakes"));
}

int Report(const Status& status) {
  if (!status.ok()) fmt::print(stderr, "error: {}\n", status.message());
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
