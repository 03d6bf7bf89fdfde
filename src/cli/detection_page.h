// The report of a detection as one HTML file that needs nothing else.
#pragma once

#include <cstdint>
#include <string>

#include "src/cli/detection_findings.h"
#include "src/engine/detection_run.h"

namespace avocet {

struct DetectionPage {
  const DetectionFindings* findings = nullptr;
  DetectionReport report;
  std::string input;      ///< what was read
  std::string detectors;  ///< their names
  int64_t made_us = 0;
};

std::string DetectionHtml(const DetectionPage& page);

}  // namespace avocet
