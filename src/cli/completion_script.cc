#include "src/cli/completion_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "src/cli/command_tree.h"

namespace avocet {
namespace {

std::string Join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

// The values of arguments without a name, where these are words.
std::vector<std::string> ArgumentChoices(const Command& command) {
  std::vector<std::string> words;
  for (const CommandOption& argument : command.arguments) {
    words.insert(words.end(), argument.choices.begin(), argument.choices.end());
  }
  return words;
}

bool TakesFiles(const Command& command) {
  const auto is_free = [](const CommandOption& argument) { return argument.choices.empty(); };
  return std::any_of(command.arguments.begin(), command.arguments.end(), is_free);
}

std::vector<std::string> WordsOf(const Command& command) {
  std::vector<std::string> words = command.subcommands;
  const std::vector<std::string> arguments = ArgumentChoices(command);
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (const CommandOption& option : command.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

// In single quotes for a shell.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c == '\n' ? ' ' : c;
    }
  }
  return quoted + "'";
}

// The paths of all commands that have subcommands, for finding out which command is typed.
std::string SubcommandCases(const std::vector<Command>& commands, std::string_view indent) {
  std::string cases;
  for (const Command& command : commands) {
    for (const std::string& child : command.subcommands) {
      std::vector<std::string> path = command.path;
      path.push_back(child);
      cases += fmt::format("{}{}) path={} ;;\n", indent,
                           Quoted(Join(command.path, " ") + "|" + child), Quoted(Join(path, " ")));
    }
  }
  return cases;
}

}  // namespace

std::string BashCompletion(const CLI::App& root) {
  const std::vector<Command> commands = CommandTree(root);
  std::string script =
      "# bash completion for avocet\n"
      "_avocet() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path='' i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path|${COMP_WORDS[i]}\" in\n";
  script += SubcommandCases(commands, "      ");
  script += "    esac\n  done\n  case \"$path|$before\" in\n";
  for (const Command& command : commands) {
    for (const CommandOption& option : command.options) {
      if (!option.takes_value) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) {
        patterns.push_back(Quoted(Join(command.path, " ") + "|" + name));
      }
      const std::string values =
          option.choices.empty() ? "-f" : "-W " + Quoted(Join(option.choices, " "));
      script +=
          fmt::format("    {}) mapfile -t COMPREPLY < <(compgen {} -- \"$word\"); return ;;\n",
                      Join(patterns, "|"), values);
    }
  }
  script += "  esac\n  case \"$path\" in\n";
  for (const Command& command : commands) {
    const std::string files = TakesFiles(command) ? " -f" : "";
    script +=
        fmt::format("    {}) mapfile -t COMPREPLY < <(compgen{} -W {} -- \"$word\") ;;\n",
                    Quoted(Join(command.path, " ")), files, Quoted(Join(WordsOf(command), " ")));
  }
  return script + "  esac\n}\ncomplete -o filenames -F _avocet avocet\n";
}

std::string ZshCompletion(const CLI::App& root) {
  const std::vector<Command> commands = CommandTree(root);
  // A colon separates a word from its help.
  const auto described = [](const std::string& word, const std::string& help) {
    std::string text;
    for (const char c : word) text += c == ':' ? std::string("\\:") : std::string(1, c);
    return Quoted(text + ":" + help);
  };
  std::string script =
      "#compdef avocet\n"
      "_avocet() {\n"
      "  local path_='' before=$words[CURRENT-1] i\n"
      "  local -a found\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$path_|$words[i]\" in\n";
  std::string cases = SubcommandCases(commands, "      ");
  for (size_t at = 0; (at = cases.find(") path=", at)) != std::string::npos; at += 8) {
    cases.replace(at, 7, ") path_=");  // $path is the search path of zsh
  }
  script += cases + "    esac\n  done\n  case \"$path_|$before\" in\n";
  for (const Command& command : commands) {
    for (const CommandOption& option : command.options) {
      if (!option.takes_value) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) {
        patterns.push_back(Quoted(Join(command.path, " ") + "|" + name));
      }
      const std::string values =
          option.choices.empty() ? "_files" : "compadd -- " + Join(option.choices, " ");
      script += fmt::format("    {}) {}; return ;;\n", Join(patterns, "|"), values);
    }
  }
  script += "  esac\n  case \"$path_\" in\n";
  for (const Command& command : commands) {
    script += fmt::format("    {})\n      found=(", Quoted(Join(command.path, " ")));
    for (size_t i = 0; i < command.subcommands.size(); ++i) {
      script += "\n        " + described(command.subcommands[i], command.subcommand_help[i]);
    }
    for (const std::string& word : ArgumentChoices(command)) {
      script += "\n        " + described(word, "");
    }
    for (const CommandOption& option : command.options) {
      for (const std::string& name : option.names) {
        script += "\n        " + described(name, option.help);
      }
    }
    script += "\n      )\n      _describe 'avocet' found\n";
    if (TakesFiles(command)) script += "      _files\n";
    script += "      ;;\n";
  }
  // Loaded by itself from $fpath the script is the function; sourced it has to say so.
  return script +
         "  esac\n}\n"
         "if [[ $funcstack[1] = _avocet ]]; then _avocet \"$@\"; else compdef _avocet avocet; fi\n";
}

std::string FishCompletion(const CLI::App& root) {
  const std::vector<Command> commands = CommandTree(root);
  std::string script = "# fish completion for avocet\ncomplete -c avocet -f\n";
  for (const Command& command : commands) {
    std::string condition;
    for (const std::string& word : command.path) {
      condition +=
          (condition.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + word;
    }
    const std::string here = condition.empty() ? "" : " -n " + Quoted(condition);
    std::string before_subcommand = "__fish_use_subcommand";
    if (!condition.empty()) {
      before_subcommand =
          condition + "; and not __fish_seen_subcommand_from " + Join(command.subcommands, " ");
    }
    for (size_t i = 0; i < command.subcommands.size(); ++i) {
      script += fmt::format("complete -c avocet -n {} -a {} -d {}\n", Quoted(before_subcommand),
                            command.subcommands[i], Quoted(command.subcommand_help[i]));
    }
    if (TakesFiles(command)) script += fmt::format("complete -c avocet{} -F\n", here);
    if (!ArgumentChoices(command).empty()) {
      script += fmt::format("complete -c avocet{} -a {}\n", here,
                            Quoted(Join(ArgumentChoices(command), " ")));
    }
    for (const CommandOption& option : command.options) {
      std::string line = "complete -c avocet" + here;
      for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.takes_value) {
        line += option.choices.empty() ? " -r -F" : " -x -a " + Quoted(Join(option.choices, " "));
      }
      script += line + " -d " + Quoted(option.help) + "\n";
    }
  }
  return script;
}

}  // namespace avocet
