// The command `avocet health`.
#pragma once

#include <CLI/CLI.hpp>

namespace avocet {

void AddHealthCommand(CLI::App* app, int* exit_code);

}  // namespace avocet
