// The option --label of commands that ask for some devices.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/device_config.h"

namespace avocet {

void AddLabelOption(CLI::App* command, std::vector<std::string>* labels);

/// The patterns of texts such as "site=north".
Result<Labels> ParseLabels(const std::vector<std::string>& texts);

}  // namespace avocet
