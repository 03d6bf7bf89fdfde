// What Delta calls the types of columns.
#pragma once

#include <string_view>

#include "src/model/column_batch.h"

namespace avocet {

/// "string", "binary", "long", "double", "timestamp" or "boolean".
std::string_view DeltaTypeName(ColumnType type);

}  // namespace avocet
