// The manual pages of the program: of each command from the tree of commands and docs/cli.md, of
// the configuration from its reference.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

struct ManPage {
  std::string file;  ///< "man1/avocet-run.1"
  std::string text;
};

/// `root`: the whole program, with every command registered. `guide` is docs/cli.md, `reference`
/// the reference page of the configuration.
std::vector<ManPage> ManPages(const CLI::App& root, std::string_view guide,
                              std::string_view reference);

/// docs/cli.md, compiled into the program.
std::string_view CliGuide();

}  // namespace avocet
