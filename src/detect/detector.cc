#include "src/detect/detector.h"

#include <algorithm>

namespace avocet {

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "unknown";
}

std::vector<uint16_t> SelectMetrics(const DetectorConfig& config,
                                    std::span<const std::string> names) {
  std::vector<uint16_t> selected;
  for (size_t i = 0; i < names.size() && i < kWholeDevice; ++i) {
    if (config.metrics.empty() ||
        std::find(config.metrics.begin(), config.metrics.end(), names[i]) != config.metrics.end()) {
      selected.push_back(static_cast<uint16_t>(i));
    }
  }
  return selected;
}

}  // namespace avocet
