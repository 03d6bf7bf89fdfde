// The useful life of devices from the hours of device_stats: what a model says of it, and the lives
// that models learn from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/status.h"
#include "src/env/env.h"
#include "src/lake/lake.h"
#include "src/state/rul_fit.h"
#include "src/state/rul_model.h"

namespace avocet {

/// The model in a file that `avocet fit-rul` wrote. Errors name the file.
Result<RulModel> LoadRulModel(Env* env, const std::string& path);

/// What is expected of each device from its newest hour on.
using UsefulLives = std::map<std::string, RulEstimate>;

/// Of all devices that ever measured something that the model knows. What is remembered of a device
/// while the table is read does not grow with its hours.
Result<UsefulLives> EstimateLives(Table* device_stats, const RulModel& model);

/// Writes the key `useful_life` with the hours, their interval, the cap and what each metric takes
/// or adds; null without an estimate.
void WriteUsefulLife(const std::optional<RulEstimate>& life, JsonWriter* json);

/// A failure on record.
struct Failure {
  std::string device;
  int64_t at_us = 0;
};

/// Reads CSV lines of a device and a time below the header `device_id,failed_at`. kInvalid names
/// the first line that is something else.
Result<std::vector<Failure>> ParseFailures(std::string_view csv);

/// The lives that ended in one of the failures: the hours from the failure before, or the first
/// one, on. Failures before which nothing was measured have none.
Result<std::vector<DeviceLife>> ReadLives(Table* device_stats,
                                          const std::vector<std::string>& metrics,
                                          std::vector<Failure> failures);

}  // namespace avocet
