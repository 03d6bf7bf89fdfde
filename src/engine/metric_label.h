// How sentences name a metric.
#pragma once

#include <string>

#include "src/config/config.h"

namespace avocet {

/// "temperature (degC)"; without a unit the name alone.
std::string MetricLabel(const SchemaConfig& schema, const std::string& name);

}  // namespace avocet
