#include "src/cli/lake_arguments.h"

#include "src/cli/command.h"
#include "src/config/load.h"

namespace avocet {

void AddLakeOptions(CLI::App* command, LakeArguments* arguments,
                    const std::vector<std::string>& formats) {
  arguments->format = formats.front();
  command->add_option("-c,--config", arguments->config,
                      "Configuration file (default: avocet.yaml)");
  command->add_option("--lake", arguments->lake, "Lake directory, or s3://bucket/prefix");
  command
      ->add_option("-f,--format", arguments->format,
                   "Output format (default: " + formats.front() + ")")
      ->check(CLI::IsMember(formats));
}

Result<Config> LoadLakeConfig(const LakeArguments& arguments) {
  AVOCET_ASSIGN_OR_RETURN(Config config, LoadConfig(arguments.config));
  if (!arguments.lake.empty()) config.storage.lake = arguments.lake;
  AVOCET_RETURN_IF_ERROR(CheckLakePath(config.storage.lake));
  SetUpLogging(config.log);
  return config;
}

}  // namespace avocet
