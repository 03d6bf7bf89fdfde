// Reading `sources`.
#pragma once

#include "src/config/config.h"
#include "src/config/key_reader.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// Reads the list `node` into config->sources.
void ReadSources(const YamlNode& node, KeyReader* reader, Config* config);

}  // namespace avocet
