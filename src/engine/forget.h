// Forget: removes every trace of a device from a lake, and proves it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/engine/committer.h"
#include "src/engine/lake_tables.h"
#include "src/env/env.h"

namespace avocet {

struct ForgetOptions {
  bool dry_run = false;  ///< count only; needs no lock
  std::string actor;     ///< for the audit log
  StepHook on_step;      ///< tests only
};

struct ForgottenTable {
  uint64_t files_read = 0;
  uint64_t files_rewritten = 0;
  uint64_t rows_removed = 0;
  uint64_t dead_files = 0;  ///< of the past, which hold or may hold rows of the device
};

struct ForgetReport {
  std::array<ForgottenTable, kNumTables> tables;
  uint64_t journal_records = 0;  ///< in the journals of push sources
  uint64_t audit_entries = 0;    ///< redacted
  bool found = false;            ///< there was any trace; when not, nothing was changed
  uint64_t files_deleted = 0;
  uint64_t bytes_deleted = 0;
  uint64_t log_files_deleted = 0;
  uint64_t snapshots_deleted = 0;
  // The proof.
  uint64_t rows_read = 0;
  uint64_t files_searched = 0;
  uint64_t bytes_searched = 0;
  std::vector<std::string> remaining;  ///< where the device is still named; empty: nowhere
};

/// Takes the locks of the lake. Rows go in one epoch; then old data files, log entries and
/// snapshots are deleted. After a crash, forget again finishes the work.
Result<ForgetReport> ForgetDevice(const Config& config, Env* env, const std::string& device,
                                  const ForgetOptions& options);

}  // namespace avocet
