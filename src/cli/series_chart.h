// A series as SVG: value, expected line, band, and marks where anomalies begin.
#pragma once

#include <string>
#include <vector>

#include "src/cli/detection_findings.h"
#include "src/cli/series_sketch.h"

namespace avocet {

/// An <svg> element with the classes of report_html. Values far from all others are drawn at the
/// edge of the chart, so that one of 1e300 leaves the rest readable. REQUIRES: the sketch has
/// columns.
std::string SeriesChart(const SeriesSketch& sketch, const std::vector<FoundAnomaly>& anomalies,
                        const std::string& label);

}  // namespace avocet
