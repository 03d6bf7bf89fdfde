// The one list of everything pluggable: sources and detectors.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "src/config/detector_spec.h"
#include "src/detect/detector.h"
#include "src/env/env.h"
#include "src/source/source.h"

namespace avocet {

/// Every detector type, in alphabetical order.
std::span<const DetectorType> DetectorTypes();
const DetectorType* FindDetectorType(std::string_view name);
std::span<const DetectorSpec> DetectorSpecs();

/// The source of one configuration entry. `once`: finite inputs end instead of being followed.
Result<std::unique_ptr<Source>> MakeSource(const SourceConfig& config, bool once, Env* env);

}  // namespace avocet
