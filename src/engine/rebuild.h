// Rebuild: silver, anomalies and device_stats anew from all of bronze.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/engine/committer.h"
#include "src/env/env.h"

namespace avocet {

struct RebuildOptions {
  bool dry_run = false;  ///< compute, write nothing; needs no lock
  StepHook on_step;      ///< tests only
};

struct RebuiltTable {
  std::string table;
  int64_t rows_before = 0;
  int64_t rows = 0;
  uint64_t files = 0;  ///< written
};

struct RebuildReport {
  std::vector<RebuiltTable> tables;
  int64_t bronze_rows = 0;
  uint64_t undecodable = 0;  ///< bronze rows that the present configuration cannot decode
  int64_t epoch = 0;         ///< that replaced the tables
};

/// Takes the locks of the lake. New files are invisible until one epoch replaces the old ones: a
/// crash before its bronze commit leaves the old tables, one after it is finished by the next
/// start.
Result<RebuildReport> Rebuild(const Config& config, Env* env, const RebuildOptions& options);

}  // namespace avocet
