// The command `avocet fit-rul`.
#pragma once

#include <CLI/CLI.hpp>

namespace avocet {

void AddFitRulCommand(CLI::App* app, int* exit_code);

}  // namespace avocet
