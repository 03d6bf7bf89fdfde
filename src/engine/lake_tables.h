// LakeTables: avocet's tables, opened or created below one lake.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/lake/lake.h"
#include "src/model/table_spec.h"

namespace avocet {

/// In commit order.
enum TableId : size_t {
  kBronze,
  kQuarantine,
  kSilver,
  kAnomalies,
  kDeviceStats,
  kAlerts,
  kNumTables
};

/// The application id of avocet's Delta transactions.
inline constexpr std::string_view kAppId = "avocet";

class LakeTables {
 public:
  /// Creates what is missing; adds silver columns for metrics that the table does not have.
  static Result<LakeTables> Open(Lake* lake, const Config& config,
                                 const std::vector<std::string>& metrics);

  /// What the tables would be: specs without tables, for rows that are not written. table() and
  /// BronzeId() must not be called.
  static LakeTables WithoutLake(const Config& config);

  /// Opens without creating or changing anything. kNotFound when a table does not exist.
  static Result<LakeTables> OpenExisting(Lake* lake, const Config& config);

  Table& table(size_t id) { return *tables_[id]; }
  const TableSpec& spec(size_t id) const { return specs_[id]; }
  /// Options for a new data file of the table.
  WriteOptions Options(size_t id) const;
  /// Delta's identifier of the bronze table.
  Result<std::string> BronzeId();
  /// The silver columns that `metric` needs.
  std::vector<TableColumn> MetricColumns(const std::string& metric) const;

 private:
  LakeTables() = default;
  std::array<std::unique_ptr<Table>, kNumTables> tables_;
  std::array<TableSpec, kNumTables> specs_;
  const Config* config_ = nullptr;
};

/// Short names for messages and commit infos: "bronze", "quarantine", "silver", ...
std::string_view TableName(size_t id);
/// Specs of the tables for a configuration with these metrics.
std::array<TableSpec, kNumTables> TableSpecs(const Config& config,
                                             const std::vector<std::string>& metrics);
/// The names of the configured metrics.
std::vector<std::string> ConfiguredMetrics(const Config& config);

}  // namespace avocet
