// Table care on command: `optimize` and `vacuum`, also beside a running avocet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/engine/table_care.h"

namespace avocet {

/// A table by its short name ("silver"), its name ("valid_readings"), with schema or with catalog.
std::optional<size_t> FindTable(const Config& config, std::string_view name);

struct TableUpkeep {
  size_t id = 0;
  CareReport report;
  uint64_t files_before = 0, files_after = 0;  ///< of `optimize`
  uint64_t bytes_before = 0, bytes_after = 0;
  std::string skipped;  ///< why nothing was done; empty: it was
};

/// Compacts the tables and writes a checkpoint of each that changed. Commits of a running avocet
/// that come in between are rebased over.
Result<std::vector<TableUpkeep>> OptimizeTables(const Config& config, Env* env,
                                                const std::vector<size_t>& ids, bool dry_run);

/// Takes rows out that are past the retention of their table, and deletes files that no version of
/// the last `retention` needs. With `alone` the lake's lock is
/// taken: below an hour nobody else may be writing.
Result<std::vector<TableUpkeep>> VacuumTables(const Config& config, Env* env,
                                              const std::vector<size_t>& ids, Duration retention,
                                              bool alone, bool dry_run);

}  // namespace avocet
