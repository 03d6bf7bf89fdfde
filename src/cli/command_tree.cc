#include "src/cli/command_tree.h"

#include <algorithm>
#include <utility>

namespace avocet {
namespace {

// The words of a set such as "TEXT:{table,csv}", the type name of an option with choices.
std::vector<std::string> Choices(const std::string& type) {
  std::vector<std::string> words;
  const size_t open = type.find('{');
  const size_t close = type.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return words;
  for (size_t begin = open + 1; begin < close;) {
    const size_t end = std::min(type.find(',', begin), close);
    words.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

CommandOption Describe(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  CommandOption entry;
  entry.help = option.get_description();
  entry.takes_value = option.get_expected_max() > 0 && option.get_items_expected_max() > 0;
  if (entry.takes_value) entry.value_type = type.substr(0, type.find_first_of(":{"));
  entry.default_text = option.get_default_str();
  entry.choices = Choices(type);
  return entry;
}

void AddOption(const CLI::Option& option, Command* command) {
  if (option.get_group().empty()) return;  // hidden
  CommandOption entry = Describe(option);
  for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  if (!entry.names.empty()) command->options.push_back(entry);
  if (option.get_positional()) {
    entry.has_option = !entry.names.empty();
    entry.names = {option.get_name(/*positional=*/true)};
    command->arguments.push_back(std::move(entry));
  }
}

void Collect(const CLI::App& app, const std::vector<std::string>& path,
             std::vector<Command>* commands) {
  Command command;
  command.path = path;
  command.help = app.get_description();
  for (const CLI::Option* option : app.get_options()) AddOption(*option, &command);
  std::vector<const CLI::App*> children;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (child->get_group().empty() || child->get_name().empty()) continue;
    command.subcommands.push_back(child->get_name());
    command.subcommand_help.push_back(child->get_description());
    children.push_back(child);
  }
  commands->push_back(std::move(command));
  for (const CLI::App* child : children) {
    std::vector<std::string> below = path;
    below.push_back(child->get_name());
    Collect(*child, below, commands);
  }
}

}  // namespace

std::vector<Command> CommandTree(const CLI::App& root) {
  std::vector<Command> commands;
  Collect(root, {}, &commands);
  return commands;
}

}  // namespace avocet
