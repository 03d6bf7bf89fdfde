// LakeTables: avocet's tables, opened or created below one lake.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/engine/table_layout.h"
#include "src/lake/lake.h"

namespace avocet {

/// The application id of avocet's Delta transactions.
inline constexpr std::string_view kAppId = "avocet";

class LakeTables {
 public:
  /// Creates what is missing; adds silver columns for metrics that the table does not have.
  static Result<LakeTables> Open(Lake* lake, const Config& config,
                                 const std::vector<std::string>& metrics);

  /// Opens without creating or changing anything. kNotFound when a table does not exist.
  static Result<LakeTables> OpenExisting(Lake* lake, const Config& config);

  Table& table(size_t id) { return *tables_[id]; }
  const TableLayout& layout() const { return layout_; }
  const TableSpec& spec(size_t id) const { return layout_.spec(id); }
  /// Options for a new data file of the table.
  WriteOptions Options(size_t id) const;
  /// Delta's identifier of the bronze table.
  Result<std::string> BronzeId();

 private:
  LakeTables(const Config& config, const std::vector<std::string>& metrics)
      : config_(&config), layout_(config, metrics) {}
  const Config* config_;
  TableLayout layout_;
  std::array<std::unique_ptr<Table>, kNumTables> tables_;
};

}  // namespace avocet
