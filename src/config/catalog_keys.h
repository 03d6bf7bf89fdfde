// The section `catalog` of the configuration.
#pragma once

#include "src/config/key_reader.h"
#include "src/config/key_spec.h"

namespace avocet {

/// Its struct is Config.
KeySpec CatalogSection();

/// Checks what the keys alone cannot say about `catalog`.
void CheckCatalog(const YamlNode& catalog, KeyReader* reader);

}  // namespace avocet
