// completion: a script that teaches a shell the commands and options.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "src/cli/command.h"
#include "src/cli/completion_script.h"

namespace avocet {
namespace {

void PrintCompletion(const CLI::App& root, const std::string& shell) {
  if (shell == "bash") fmt::print("{}", BashCompletion(root));
  if (shell == "zsh") fmt::print("{}", ZshCompletion(root));
  if (shell == "fish") fmt::print("{}", FishCompletion(root));
}

}  // namespace

void AddCompletionCommand(CLI::App* app, int*) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand(
      "completion", "Print a completion script, as in: source <(avocet completion bash)");
  command->add_option("shell", *shell, "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([app, shell] { PrintCompletion(*app, *shell); });
}

}  // namespace avocet
