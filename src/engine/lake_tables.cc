#include "src/engine/lake_tables.h"

#include <algorithm>

namespace avocet {
namespace {

std::string UnitOf(const Config& config, const std::string& metric) {
  for (const MetricConfig& m : config.schema.metrics) {
    if (m.name == metric) return m.unit;
  }
  return "";
}

}  // namespace

std::string_view TableName(size_t id) {
  constexpr std::array<std::string_view, kNumTables> kNames = {
      "bronze", "quarantine", "silver", "anomalies", "device_stats", "alerts"};
  return kNames[id];
}

std::array<TableSpec, kNumTables> TableSpecs(const Config& config,
                                             const std::vector<std::string>& metrics) {
  std::vector<MetricColumn> columns;
  for (const std::string& name : metrics) columns.push_back({name, UnitOf(config, name)});
  return {
      BronzeSpec(),    QuarantineSpec(),  SilverSpec(columns, WindowSuffix(config.rolling_window)),
      AnomaliesSpec(), DeviceStatsSpec(), AlertsSpec()};
}

std::vector<std::string> ConfiguredMetrics(const Config& config) {
  std::vector<std::string> names;
  for (const MetricConfig& metric : config.schema.metrics) names.push_back(metric.name);
  return names;
}

LakeTables LakeTables::WithoutLake(const Config& config) {
  LakeTables tables;
  tables.config_ = &config;
  tables.specs_ = TableSpecs(config, ConfiguredMetrics(config));
  return tables;
}

Result<LakeTables> LakeTables::OpenExisting(Lake* lake, const Config& config) {
  LakeTables tables = WithoutLake(config);
  for (size_t id = 0; id < kNumTables; ++id) {
    const std::string path = tables.specs_[id].Path(config.storage.catalog);
    auto table = lake->OpenTable(path);
    if (!table.ok()) {
      return table.status().WithContext("cannot open table " + path + " in " + lake->root());
    }
    tables.tables_[id] = std::move(table).value();
  }
  return tables;
}

Result<LakeTables> LakeTables::Open(Lake* lake, const Config& config,
                                    const std::vector<std::string>& metrics) {
  LakeTables tables;
  tables.config_ = &config;
  tables.specs_ = TableSpecs(config, metrics);
  for (size_t id = 0; id < kNumTables; ++id) {
    const TableSpec& spec = tables.specs_[id];
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
          .stats_columns = specs_[id].stats_columns,
          .dictionary_columns = specs_[id].dictionary_columns};
}

Result<std::string> LakeTables::BronzeId() { return tables_[kBronze]->Id(); }

std::vector<TableColumn> LakeTables::MetricColumns(const std::string& metric) const {
  return SilverMetricColumns({metric, UnitOf(*config_, metric)},
                             WindowSuffix(config_->rolling_window));
}

}  // namespace avocet
