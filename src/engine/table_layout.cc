#include "src/engine/table_layout.h"

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
      "bronze", "quarantine", "silver", "anomalies", "device_stats", "device_health", "alerts"};
  return kNames[id];
}

std::array<TableSpec, kNumTables> TableSpecs(const Config& config,
                                             const std::vector<std::string>& metrics) {
  std::vector<MetricColumn> columns;
  for (const std::string& name : metrics) columns.push_back({name, UnitOf(config, name)});
  return {
      BronzeSpec(),    QuarantineSpec(),  SilverSpec(columns, WindowSuffix(config.rolling_window)),
      AnomaliesSpec(), DeviceStatsSpec(), DeviceHealthSpec(),
      AlertsSpec()};
}

std::vector<std::string> ConfiguredMetrics(const Config& config) {
  std::vector<std::string> names;
  for (const MetricConfig& metric : config.schema.metrics) names.push_back(metric.name);
  return names;
}

std::vector<TableColumn> TableLayout::MetricColumns(const std::string& metric) const {
  return SilverMetricColumns({metric, UnitOf(*config_, metric)},
                             WindowSuffix(config_->rolling_window));
}

}  // namespace avocet
