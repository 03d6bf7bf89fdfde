// CommitInfo: what avocet writes into commitInfo.avocet of its bronze commits, the checkpoint.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/engine/epoch.h"
#include "src/model/positions.h"

namespace avocet {

struct CommitInfo {
  int64_t epoch = 0;
  int64_t next_sequence = 0;
  int64_t received_us = 0;
  bool all_positions = false;
  Positions positions;
  /// Per table, the newest epoch that has rows for it: a table is complete when its transaction is
  /// not older. Lets tables without rows in an epoch go without an empty commit.
  std::array<int64_t, kNumTables> last_rows{};
  /// The same before this epoch. Tables are committed before the next epoch's bronze, so one that
  /// has these rows can lack only this epoch's.
  std::array<int64_t, kNumTables> last_rows_before{};
  std::string quarantine_add;  ///< `add` action of this epoch's quarantine file; empty: none
  /// What the epoch replaces in the other tables; bronze's own part is in the log entry itself.
  std::array<std::optional<TableRewrite>, kNumTables> rewrites;
  std::string operation;  ///< of the log entry; not encoded
  Totals totals;
};

std::string EncodeCommitInfo(const CommitInfo& info);
/// The inverse. kCorrupt.
Result<CommitInfo> DecodeCommitInfo(std::string_view encoded);

/// The avocet part of a log entry, nothing when another program made the commit. kCorrupt when
/// there is one that cannot be read.
Result<std::optional<CommitInfo>> ParseCommitInfo(const std::string& log_entry_json_lines);

}  // namespace avocet
