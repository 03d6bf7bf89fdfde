// The options of commands that guess what records look like.
#pragma once

#include <CLI/CLI.hpp>

#include "src/cli/schema_guess.h"

namespace avocet {

/// Adds --time-field, --device-field and --device. `hints` must live as long as the command.
void AddHintOptions(CLI::App* command, SchemaHints* hints);

}  // namespace avocet
