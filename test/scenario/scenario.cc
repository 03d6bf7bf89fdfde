#include "test/scenario/scenario.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

namespace avocet {
namespace {

constexpr std::string_view kMark = "=== ";

struct StepRule {
  std::string_view word;
  size_t min_arguments, max_arguments;
  bool has_text;
};
constexpr StepRule kRules[] = {
    {"config", 0, 0, true},  {"input", 1, 2, true},   {"append", 1, 2, true},
    {"rename", 2, 2, false}, {"remove", 1, 1, false}, {"clock", 1, 1, false},
    {"run", 0, 1, false},    {"expect", 1, 2, true},
};

// Turns \n, \r, \t, \\ and \xNN into bytes; line ends of the file are left out.
std::string Unescape(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') continue;
    if (text[i] != '\\' || i + 1 == text.size()) {
      bytes += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'x' && i + 2 < text.size()) {
      unsigned value = 0;
      std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      bytes += static_cast<char>(value);
      i += 2;
    } else {
      bytes += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
  }
  return bytes;
}

Status Check(const std::string& path, const ScenarioStep& step) {
  const auto fail = [&](std::string_view what) {
    return Status::Invalid(fmt::format("{}:{}: {} {}", path, step.line, step.word, what));
  };
  for (const StepRule& rule : kRules) {
    if (rule.word != step.word) continue;
    const size_t count = step.arguments.size();
    if (count < rule.min_arguments || count > rule.max_arguments) {
      return fail("has the wrong number of arguments");
    }
    std::istringstream lines(step.text);
    for (std::string line; !rule.has_text && std::getline(lines, line);) {
      if (!line.empty() && line[0] != '#') return fail("has lines below it");
    }
    return Status::Ok();
  }
  return fail("is no step");
}

}  // namespace

Result<Scenario> ParseScenario(const std::string& path, const std::string& text) {
  Scenario scenario;
  const size_t slash = path.rfind('/');
  scenario.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  scenario.name.resize(scenario.name.rfind('.'));
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.starts_with(kMark)) {
      std::istringstream words(line.substr(kMark.size()));
      ScenarioStep step{.word = "", .arguments = {}, .text = "", .line = number};
      words >> step.word;
      for (std::string word; words >> word;) step.arguments.push_back(word);
      scenario.steps.push_back(std::move(step));
    } else if (!scenario.steps.empty()) {
      scenario.steps.back().text += line + "\n";
    } else if (!line.empty() && line[0] != '#') {
      return Status::Invalid(
          fmt::format("{}:{}: the first line of a step begins with ===", path, number));
    }
  }
  for (ScenarioStep& step : scenario.steps) {
    AVOCET_RETURN_IF_ERROR(Check(path, step));
    if ((step.word == "input" || step.word == "append") && step.arguments.size() == 2) {
      step.text = Unescape(step.text);
    }
  }
  return scenario;
}

}  // namespace avocet
