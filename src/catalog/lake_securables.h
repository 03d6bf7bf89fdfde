// What a lake should be in Unity Catalog: one catalog, three schemas, and its tables as external
// Delta tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/catalog/securable.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

/// The property of the catalog and its schemas that changes whenever detectors, rules or windows
/// do.
inline constexpr std::string_view kDetectorsProperty = "avocet.detectors";

/// Parents before their children. Columns are those that the tables have now; nothing is created.
/// kNotFound when there is no lake yet.
Result<std::vector<Securable>> DescribeLake(const Config& config, Env* env);

/// The columns of a Delta table, from its metadata as Table::MetadataJson has it.
Result<std::vector<CatalogColumn>> CatalogColumns(const std::string& metadata_json);

}  // namespace avocet
