// check, config, components and version: commands that only look.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "src/base/json_writer.h"
#include "src/cli/command.h"
#include "src/cli/config_file.h"
#include "src/cli/version.h"
#include "src/config/config_keys.h"
#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/net/aws_transport.h"

namespace avocet {
namespace {

struct CheckArguments {
  std::string path;
  bool without_files = false;
};

int Check(const CheckArguments& arguments) {
  const FileReader files = arguments.without_files ? FileReader() : FilesOf(Env::Posix());
  auto file = ReadConfigFile(arguments.path, files);
  if (!file.ok()) return Report(file.status());
  if (!arguments.without_files) CheckNamedFiles(&*file, Env::Posix());
  std::string mistakes;
  const auto config = ConfigOf(*std::move(file), &mistakes);
  std::fputs(mistakes.c_str(), stderr);
  if (!config.ok()) return Report(config.status());
  if (config->file.empty()) {
    fmt::print("no avocet.yaml here: the built-in defaults are used\n");
  } else {
    fmt::print("{}: ok ({} sources, {} metrics, {} detectors)\n", config->file,
               config->sources.size(), config->schema.metrics.size(), config->detectors.size());
  }
  return 0;
}

int ShowConfig(const std::string& path, bool origins) {
  auto config = LoadConfig(path);
  if (!config.ok()) return Report(config.status());
  for (const DumpedLine& line : DumpLines(*config)) {
    if (!origins || line.key.empty()) {
      fmt::print("{}\n", line.text);
    } else if (line.line == 0) {
      fmt::print("{:<56}  # default\n", line.text);
    } else {
      fmt::print("{:<56}  # {}:{}\n", line.text, config->file, line.line);
    }
  }
  return 0;
}

/// The default value, with its unit.
std::string DefaultText(const DetectorParam& param) {
  if (param.kind == DetectorParam::Kind::kWord) {
    return std::string(param.words[static_cast<size_t>(param.default_value)]);
  }
  const bool is_duration = param.kind == DetectorParam::Kind::kDuration;
  return fmt::format("{:g}{}", param.default_value, is_duration ? " s" : "");
}

void ShowComponents() {
  fmt::print("Sources\n");
  for (const SourceType& type : SourceTypes()) {
    const char* const missing = type.needs_aws && !HasAws() ? " (not in this build: no AWS)" : "";
    fmt::print("  {:<16} {}{}\n", type.name, type.help, missing);
  }
  fmt::print("\nDetectors\n");
  for (const DetectorType& type : DetectorTypes()) {
    fmt::print("  {:<16} {}\n", type.spec.name, type.spec.summary);
    for (const DetectorParam& param : type.spec.params) {
      fmt::print("      {:<18} {} (default {})\n", param.name, param.help, DefaultText(param));
    }
    if (!type.spec.source.empty()) fmt::print("      source: {}\n", type.spec.source);
  }
}

}  // namespace

void AddCheckCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command =
      app->add_subcommand("check", "Check a configuration: all mistakes in one run");
  command->add_option("-c,--config,file", arguments->path,
                      "Configuration file (default: avocet.yaml)");
  command->add_flag("--without-files", arguments->without_files,
                    "Do not look into the files that it names, such as certificates, keys and "
                    "secrets: they are on another machine");
  command->callback([arguments, exit_code] { *exit_code = Check(*arguments); });
}

void AddConfigCommand(CLI::App* app, int* exit_code) {
  CLI::App* config =
      app->add_subcommand("config", "Show the configuration in force, or its schema");
  config->require_subcommand(1);
  auto path = std::make_shared<std::string>();
  CLI::App* show = config->add_subcommand("show", "The configuration in force, defaults included");
  show->add_option("-c,--config,file", *path, "Configuration file (default: avocet.yaml)");
  auto origins = std::make_shared<bool>(false);
  show->add_flag("--origins", *origins, "Say where each value is from: a line, or a default");
  show->callback([path, origins, exit_code] { *exit_code = ShowConfig(*path, *origins); });
  config->add_subcommand("schema", "JSON Schema of the configuration, for editors")->callback([] {
    fmt::print("{}\n", ConfigJsonSchema(DetectorSpecs()));
  });
  config->add_subcommand("reference", "Reference page of the configuration, Markdown")
      ->callback([] { fmt::print("{}", ConfigReferenceMarkdown(DetectorSpecs())); });
}

void AddComponentsCommand(CLI::App* app, int*) {
  app->add_subcommand("components", "List sources and detectors with their options")->callback([] {
    ShowComponents();
  });
}

void AddVersionCommand(CLI::App* app, int*) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app->add_subcommand("version", "Show the version");
  command->add_flag("--json", *json, "As JSON");
  command->callback([json] {
    if (*json) {
      JsonWriter out;
      out.BeginObject().Field("version", Version()).Field("delta_reader_version", 1);
      out.Field("delta_writer_version", 2).EndObject();
      fmt::print("{}\n", out.Take());
    } else {
      fmt::print("avocet {}\n", Version());
    }
  });
}

}  // namespace avocet
