// The tree of commands as plain values, for completion scripts and manual pages.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace avocet {

struct CommandOption {
  std::vector<std::string> names;  ///< with their dashes; of an argument without a name, its title
  std::string help;
  bool takes_value = false;
  std::string value_type;            ///< "TEXT", "INT", ...; empty without a value
  std::string default_text;          ///< empty when there is none, or it is not to be shown
  std::vector<std::string> choices;  ///< the values that are allowed; empty: any
  bool has_option = false;           ///< of an argument: it may be given as an option as well
};

struct Command {
  std::vector<std::string> path;  ///< without the name of the program
  std::string help;
  std::vector<std::string> subcommands;
  std::vector<std::string> subcommand_help;
  std::vector<CommandOption> options;
  std::vector<CommandOption> arguments;  ///< without a name on the command line, in their order
};

/// `root`, the whole program, and all commands below it that are not hidden: parents first, in the
/// order of their registration.
std::vector<Command> CommandTree(const CLI::App& root);

}  // namespace avocet
