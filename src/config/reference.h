// The parts of the reference page.
#pragma once

#include <span>
#include <string>

#include "src/config/detector_spec.h"

namespace avocet {

/// A configuration with every key and a comment on each, which ParseConfig accepts.
std::string ConfigExample(std::span<const DetectorSpec> detectors);

}  // namespace avocet
