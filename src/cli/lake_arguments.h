// What the commands that look after a lake have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"

namespace avocet {

struct LakeArguments {
  std::string config;
  std::string lake;
  std::string format;  ///< first of the formats that AddLakeOptions was given, unless chosen
};

/// Adds -c, --lake and -f. The first format is the default.
void AddLakeOptions(CLI::App* command, LakeArguments* arguments,
                    const std::vector<std::string>& formats = {"text", "json"});

/// The configuration with the lake of the arguments; logging is set up.
Result<Config> LoadLakeConfig(const LakeArguments& arguments);

}  // namespace avocet
