// The section `lineage` of the configuration.
#pragma once

#include "src/config/key_reader.h"
#include "src/config/key_spec.h"

namespace avocet {

/// Its struct is Config.
KeySpec LineageSection();

/// Checks what the keys alone cannot say about `lineage`.
void CheckLineage(const YamlNode& lineage, KeyReader* reader);

}  // namespace avocet
