// SchemaGuess: which fields of a sample are the device, the time and the metrics.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/cli/sample.h"
#include "src/config/config.h"

namespace avocet {

/// What a person says about the sample, which is then not guessed.
struct SchemaHints {
  std::string device_field;
  std::string device_constant;
  std::string time_field;
};

struct GuessedMetric {
  MetricConfig config;      ///< name and field; units and range come later
  bool is_flag = false;     ///< true and false rather than numbers
  uint64_t bad_values = 0;  ///< values that will be quarantined, with their records
  std::string bad_example;
};

struct SchemaGuess {
  SchemaConfig schema;     ///< without metrics
  std::string device_why;  ///< how the device was found
  std::string time_why;
  std::string time_example;
  std::vector<GuessedMetric> metrics;
  /// Fields that are no metric, and why; they stay in the payload of bronze.
  std::vector<std::pair<std::string, std::string>> others;
};

/// Only device and time; `schema.time_field` is empty when no field looks like a time. kInvalid
/// when a hint names a field that does not exist.
Result<SchemaGuess> GuessDeviceAndTime(const Sample& sample, const SchemaHints& hints);

/// All of it. kInvalid when there is no time or no metric; the message says what was looked at.
Result<SchemaGuess> GuessSchema(const Sample& sample, const SchemaHints& hints);

}  // namespace avocet
