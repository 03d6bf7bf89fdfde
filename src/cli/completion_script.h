// Completion scripts of shells, made from the tree of commands.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace avocet {

/// For bash 4 and later. `root`: the whole program, with every command registered.
std::string BashCompletion(const CLI::App& root);
std::string ZshCompletion(const CLI::App& root);
std::string FishCompletion(const CLI::App& root);

}  // namespace avocet
