// The command `avocet audit`.
#pragma once

#include <CLI/CLI.hpp>

namespace avocet {

/// Registers the command; see AddCommand.
void AddAuditCommand(CLI::App* app, int* exit_code);

}  // namespace avocet
