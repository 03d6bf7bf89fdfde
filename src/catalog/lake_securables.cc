#include "src/catalog/lake_securables.h"

#include <simdjson.h>

#include <memory>
#include <set>
#include <utility>

#include "src/engine/fingerprint.h"
#include "src/engine/lake_tables.h"
#include "src/engine/owned_lake.h"
#include "src/env/parent_path.h"
#include "src/lake/lake.h"

namespace avocet {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

struct TypeNames {
  std::string_view delta, catalog, sql;
};

constexpr TypeNames kTypes[] = {
    {"string", "STRING", "string"},    {"binary", "BINARY", "binary"},
    {"long", "LONG", "bigint"},        {"integer", "INT", "int"},
    {"double", "DOUBLE", "double"},    {"timestamp", "TIMESTAMP", "timestamp"},
    {"boolean", "BOOLEAN", "boolean"}, {"date", "DATE", "date"},
};

std::string_view SchemaComment(std::string_view schema) {
  if (schema == "raw") return "Records as they arrived, and those that were not accepted";
  if (schema == "processed") return "Typed, valid readings with rolling means";
  return "Hourly statistics, anomalies and alerts";
}

std::string TextOf(const object& from, std::string_view key) {
  std::string_view text;
  return std::string(from[key].get(text) == simdjson::SUCCESS ? text : std::string_view());
}

Result<CatalogColumn> ColumnOf(const element& field) {
  object entry, metadata;
  if (field.get(entry) != simdjson::SUCCESS) {
    return Status::Corrupt("the table's schema has a column that is no object");
  }
  CatalogColumn column;
  column.name = TextOf(entry, "name");
  column.type_json = simdjson::minify(field);
  if (entry["metadata"].get(metadata) == simdjson::SUCCESS) {
    column.comment = TextOf(metadata, "comment");
  }
  bool nullable = true;
  if (entry["nullable"].get(nullable) == simdjson::SUCCESS) column.nullable = nullable;
  const std::string type = TextOf(entry, "type");
  for (const TypeNames& names : kTypes) {
    if (names.delta != type) continue;
    column.type_name = names.catalog;
    column.type_text = names.sql;
    return column;
  }
  return Status::Unsupported("column " + column.name +
                             " has a type that avocet does not write, which another program must "
                             "have added");
}

std::string LakeUrl(const Config& config) {
  std::string url = config.catalog.location;
  if (url.empty()) {
    url = config.storage.lake;
    if (url.find("://") == std::string::npos) url = "file://" + AbsolutePath(url);
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// "key" or "key=value".
CatalogTags TagOf(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return {{text, ""}};
  return {{text.substr(0, equals), text.substr(equals + 1)}};
}

// Columns in which devices are named; the bytes of a record name its device, too.
bool NamesDevices(const CatalogColumn& column) {
  return column.name == "device_id" || column.name == "payload";
}

Securable Described(const Config& config, SecurableKind kind, std::string full_name,
                    std::string_view comment) {
  Securable made;
  made.kind = kind;
  made.full_name = std::move(full_name);
  made.comment = comment;
  made.owner = config.catalog.owner;
  if (kind != SecurableKind::kTable) {
    made.properties[std::string(kDetectorsProperty)] = StateFingerprint(config, INT64_MAX);
  }
  return made;
}

}  // namespace

Result<std::vector<CatalogColumn>> CatalogColumns(const std::string& metadata_json) {
  simdjson::dom::parser parser;
  element metadata;
  array fields, partitions;
  if (parser.parse(metadata_json).get(metadata) != simdjson::SUCCESS ||
      metadata["schema"]["fields"].get(fields) != simdjson::SUCCESS ||
      metadata["partition_columns"].get(partitions) != simdjson::SUCCESS) {
    return Status::Corrupt("the table's metadata has no schema");
  }
  std::vector<CatalogColumn> columns;
  for (const element field : fields) {
    AVOCET_ASSIGN_OR_RETURN(CatalogColumn column, ColumnOf(field));
    int index = 0;
    for (const element partition : partitions) {
      std::string_view name;
      if (partition.get(name) == simdjson::SUCCESS && name == column.name) {
        column.partition_index = index;
      }
      ++index;
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::vector<Securable>> DescribeLake(const Config& config, Env* env) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, env));
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  const std::string& catalog = config.storage.catalog;
  std::vector<Securable> all = {
      Described(config, SecurableKind::kCatalog, catalog, config.catalog.comment)};
  all.front().storage_root = config.catalog.storage_root;
  std::set<std::string> schemas;
  std::vector<Securable> described;
  for (size_t id = 0; id < kNumTables; ++id) {
    const TableSpec& spec = tables.spec(id);
    const std::string schema = catalog + "." + spec.schema;
    if (schemas.insert(schema).second) {
      all.push_back(Described(config, SecurableKind::kSchema, schema, SchemaComment(spec.schema)));
    }
    Securable table =
        Described(config, SecurableKind::kTable, schema + "." + spec.name, spec.description);
    table.location = LakeUrl(config) + "/" + spec.Path(catalog);
    AVOCET_ASSIGN_OR_RETURN(const std::string metadata, tables.table(id).MetadataJson());
    auto columns = CatalogColumns(metadata);
    if (!columns.ok()) return columns.status().WithContext("table " + table.full_name);
    table.columns = std::move(columns).value();
    table.tags = config.catalog.tags;
    for (CatalogColumn& column : table.columns) {
      if (config.catalog.device_tag.empty() || !NamesDevices(column)) continue;
      column.tags = TagOf(config.catalog.device_tag);
    }
    described.push_back(std::move(table));
  }
  all.insert(all.end(), described.begin(), described.end());
  return all;
}

}  // namespace avocet
