// Which devices and metrics a lake knows.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"
#include "src/lake/lake.h"

namespace avocet {

/// The metrics that silver has, also those that appeared by schema evolution.
Result<std::vector<std::string>> MetricsOfSilver(const Config& config, Table* silver);

/// kNotFound, with the name that was probably meant, unless silver has readings of the device and,
/// when it is not empty, has the metric. May read a column of the whole table.
Status RequireSeries(const Config& config, Env* env, const std::string& device,
                     const std::string& metric);

}  // namespace avocet
