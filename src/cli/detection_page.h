// The report of a detection as one HTML file that needs nothing else.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/cli/detection_findings.h"
#include "src/engine/detection_run.h"

namespace avocet {

struct DetectionPage {
  const DetectionFindings* findings = nullptr;
  DetectionReport report;
  std::string input;      ///< what was read
  std::string detectors;  ///< their names
};

/// Replaces the file `path`.
Status WriteDetectionPage(const std::string& path, const DetectionPage& page);

}  // namespace avocet
