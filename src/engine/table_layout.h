// TableLayout: which tables avocet has, and their columns for a configuration. Knows no lake.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/model/table_spec.h"

namespace avocet {

/// In commit order.
enum TableId : size_t {
  kBronze,
  kQuarantine,
  kSilver,
  kAnomalies,
  kDeviceStats,
  kDeviceHealth,
  kAlerts,
  kNumTables
};

/// Short names for messages and commit infos: "bronze", "quarantine", "silver", ...
std::string_view TableName(size_t id);
/// Specs of the tables for a configuration with these metrics.
std::array<TableSpec, kNumTables> TableSpecs(const Config& config,
                                             const std::vector<std::string>& metrics);
/// The names of the configured metrics.
std::vector<std::string> ConfiguredMetrics(const Config& config);

class TableLayout {
 public:
  /// `config` is borrowed.
  TableLayout(const Config& config, const std::vector<std::string>& metrics)
      : config_(&config), specs_(TableSpecs(config, metrics)) {}

  const TableSpec& spec(size_t id) const { return specs_[id]; }
  /// The silver columns that `metric` needs.
  std::vector<TableColumn> MetricColumns(const std::string& metric) const;

 private:
  const Config* config_;
  std::array<TableSpec, kNumTables> specs_;
};

}  // namespace avocet
