// Reading schema.metrics.
#pragma once

#include "src/config/config.h"
#include "src/config/key_reader.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// Reads the map `node` into config->schema.metrics. REQUIRES: config->rolling_window is read.
void ReadMetrics(const YamlNode& node, KeyReader* reader, Config* config);

}  // namespace avocet
