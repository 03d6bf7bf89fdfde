#include "src/model/delta_type.h"

namespace avocet {

std::string_view DeltaTypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return "string";
    case ColumnType::kBinary:
      return "binary";
    case ColumnType::kInt64:
      return "long";
    case ColumnType::kDouble:
      return "double";
    case ColumnType::kTimestamp:
      return "timestamp";
    case ColumnType::kBool:
      return "boolean";
  }
  return "string";
}

}  // namespace avocet
