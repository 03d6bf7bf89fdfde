#include "src/engine/lake_tables.h"

#include <algorithm>

namespace avocet {

Result<LakeTables> LakeTables::OpenExisting(Lake* lake, const Config& config) {
  LakeTables tables(config, ConfiguredMetrics(config));
  for (size_t id = 0; id < kNumTables; ++id) {
    const std::string path = tables.spec(id).Path(config.storage.catalog);
    auto table = lake->OpenTable(path);
    if (table.status().code() == StatusCode::kNotFound) {
      return Status::NotFound("cannot find table " + path + " in " + lake->store().Shown("") +
                              ": it has no commit; avocet creates it when it starts");
    }
    if (!table.ok()) {
      return table.status().WithContext("cannot open table " + path + " in " +
                                        lake->store().Shown(""));
    }
    tables.tables_[id] = std::move(table).value();
  }
  return tables;
}

Result<LakeTables> LakeTables::Open(Lake* lake, const Config& config,
                                    const std::vector<std::string>& metrics) {
  LakeTables tables(config, metrics);
  for (size_t id = 0; id < kNumTables; ++id) {
    const TableSpec& spec = tables.spec(id);
    auto table = lake->EnsureTable(spec.Path(config.storage.catalog), spec);
    if (!table.ok()) return table.status().WithContext("cannot open table " + spec.name);
    tables.tables_[id] = std::move(table).value();
    AVOCET_ASSIGN_OR_RETURN(const auto present, tables.tables_[id]->ColumnNames());
    CommitRequest request{.operation = "ADD COLUMNS"};
    for (const TableColumn& column : spec.columns) {
      if (std::find(present.begin(), present.end(), column.name) == present.end()) {
        request.add_columns.push_back(column);
      }
    }
    if (request.add_columns.empty()) continue;
    auto version = tables.tables_[id]->Commit(request);
    if (!version.ok()) return version.status();
  }
  return tables;
}

WriteOptions LakeTables::Options(size_t id) const {
  return {.partition_values = {},
          .compression_level = config_->storage.compression_level,
          .stats_columns = spec(id).stats_columns,
          .dictionary_columns = spec(id).dictionary_columns};
}

Result<std::string> LakeTables::BronzeId() { return tables_[kBronze]->Id(); }

}  // namespace avocet
