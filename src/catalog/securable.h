// Securable: what Unity Catalog knows of a catalog, a schema or a table.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

enum class SecurableKind { kCatalog, kSchema, kTable };

/// "catalog", "schema" or "table".
std::string_view SecurableName(SecurableKind kind);

using CatalogTags = std::map<std::string, std::string>;

struct CatalogColumn {
  std::string name;
  std::string type_name;  ///< as Unity Catalog says it: "LONG"
  std::string type_text;  ///< as SQL says it: "bigint"
  std::string type_json;  ///< the field as it is in the Delta log
  std::string comment;
  bool nullable = true;
  int partition_index = -1;  ///< -1: not a partition column
  CatalogTags tags;
};

struct Securable {
  SecurableKind kind = SecurableKind::kCatalog;
  std::string full_name;  ///< one to three names with dots between them
  std::string comment;
  std::string owner;  ///< empty: whoever makes it
  std::map<std::string, std::string> properties;
  std::string storage_root;  ///< of a catalog
  // Of a table.
  std::string table_type = "EXTERNAL";
  std::string format = "DELTA";
  std::string location;  ///< URL
  std::vector<CatalogColumn> columns;
  CatalogTags tags;

  /// One of its names: 0 the catalog's, 1 the schema's, 2 the table's.
  std::string NamePart(size_t part) const;
};

}  // namespace avocet
