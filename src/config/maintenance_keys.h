// The keys of `maintenance`.
#pragma once

#include <vector>

#include "src/config/config.h"
#include "src/config/key_reader.h"
#include "src/config/key_spec.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// An entry of the list, without its name; its struct is MaintenanceConfig.
const std::vector<KeySpec>& MaintenanceKeys();

/// Reads the list `node` into config->maintenance. `metrics_known`: schema.metrics is complete, so
/// a name that is not in it is an error.
void ReadMaintenance(const YamlNode& node, bool metrics_known, KeyReader* reader, Config* config);

}  // namespace avocet
