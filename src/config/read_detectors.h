// Reading `detectors`.
#pragma once

#include <span>

#include "src/config/config.h"
#include "src/config/detector_spec.h"
#include "src/config/key_reader.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// Reads the list `node` into config->detectors. `metrics_known`: schema.metrics is complete, so a
/// name that is not in it is an error.
void ReadDetectors(const YamlNode& node, std::span<const DetectorSpec> specs, bool metrics_known,
                   KeyReader* reader, Config* config);

/// The detectors of a configuration without `detectors`: one `auto` over all metrics, or one
/// `zscore` where there is no such type; none where there is neither.
std::vector<DetectorConfig> DefaultDetectors(std::span<const DetectorSpec> specs);

}  // namespace avocet
