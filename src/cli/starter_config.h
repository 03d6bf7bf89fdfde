// StarterConfig: a commented configuration for a sample.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/cli/sample.h"
#include "src/cli/schema_guess.h"
#include "src/cli/schema_measures.h"
#include "src/cli/unit_guess.h"
#include "src/config/config.h"

namespace avocet {

/// What `init` found out, all of it.
struct StarterFacts {
  Sample sample;
  SchemaGuess guess;
  SchemaMeasures measures;
  std::vector<UnitGuess> units;  ///< one for each metric
  int64_t now_us = 0;
};

/// The length of the rolling mean for readings so far apart.
Duration RollingWindow(std::optional<int64_t> period_us);

/// "epoch_s"; as in a configuration.
std::string_view TimeFormatName(TimeFormat format);

/// YAML in which each line says what was seen, and which of it is a guess.
std::string WriteStarterConfig(const StarterFacts& facts);

}  // namespace avocet
