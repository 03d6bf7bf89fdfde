// The one list of detectors. Apart from the other pluggable things, as the Python package has no
// sources and no channels.
#pragma once

#include <span>
#include <string_view>

#include "src/config/detector_spec.h"
#include "src/detect/detector.h"

namespace avocet {

/// Every detector type, in alphabetical order.
std::span<const DetectorType> DetectorTypes();
const DetectorType* FindDetectorType(std::string_view name);
std::span<const DetectorSpec> DetectorSpecs();

}  // namespace avocet
