// The medians of a fleet, from samples that were collected wherever its devices are.
#pragma once

#include <vector>

#include "src/detect/fleet.h"

namespace avocet {

/// [metric]: the median of its samples, whose order is lost.
std::vector<FleetMedian> MediansOf(FleetSamples* samples);

}  // namespace avocet
