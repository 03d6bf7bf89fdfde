#include "src/engine/metric_label.h"

#include <algorithm>

namespace avocet {

std::string MetricLabel(const SchemaConfig& schema, const std::string& name) {
  const auto known = std::find_if(schema.metrics.begin(), schema.metrics.end(),
                                  [&](const MetricConfig& metric) { return metric.name == name; });
  if (known == schema.metrics.end() || known->unit.empty()) return name;
  return name + " (" + known->unit + ")";
}

}  // namespace avocet
