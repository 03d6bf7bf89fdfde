// SchemaMeasures: what the records of a sample are like under a schema, as the real decoder has it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/cli/sample.h"
#include "src/cli/schema_guess.h"

namespace avocet {

/// A metric's values in the sample.
struct MetricSummary {
  uint64_t values = 0;
  uint64_t nulls = 0;
  double min = 0, median = 0, max = 0;  ///< meaningless without values
};

struct SchemaMeasures {
  uint64_t accepted = 0;
  uint64_t rejected = 0;
  std::map<std::string, uint64_t> rejected_by_code;
  std::string first_rejection;
  uint64_t devices = 0;
  uint64_t late = 0;                  ///< older than the newest of their device before them
  std::optional<int64_t> period_us;   ///< median spacing of a device's readings
  int64_t first_us = 0, last_us = 0;  ///< event times; meaningless without accepted records
  std::vector<MetricSummary> metrics;
};

/// Decodes the sample as `run` would, but without a limit for times in the future.
SchemaMeasures MeasureSchema(const Sample& sample, const SchemaGuess& guess, int64_t now_us);

}  // namespace avocet
