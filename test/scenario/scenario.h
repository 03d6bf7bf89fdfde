// Scenario: a test as text. See README.md for the format.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace avocet {

/// One `=== WORD ARGUMENTS` line and the lines below it.
struct ScenarioStep {
  std::string word;
  std::vector<std::string> arguments;
  std::string text;  ///< with its line ends
  int line = 0;      ///< of the `===` line, from 1
};

struct Scenario {
  std::string name;  ///< file name without its end
  std::vector<ScenarioStep> steps;
};

/// kInvalid names file and line.
Result<Scenario> ParseScenario(const std::string& path, const std::string& text);

}  // namespace avocet
