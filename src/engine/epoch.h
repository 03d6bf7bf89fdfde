// Epoch: the rows of some consecutive ticks, committed together to all tables.
//
// An epoch is atomic and exactly-once: the bronze commit carries its number, the source positions
// it covers and the quarantine file; the other tables follow, or are recomputed from bronze.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/alert/acknowledgement.h"
#include "src/alert/alert_change.h"
#include "src/engine/piece.h"
#include "src/engine/snapshot_file.h"
#include "src/engine/stage_clock.h"
#include "src/engine/table_layout.h"
#include "src/model/column_batch.h"
#include "src/model/positions.h"

namespace avocet {

/// What has been counted since the first record of the lake. received = accepted (bronze rows) +
/// quarantined (shape) + duplicates.
struct Totals {
  uint64_t received = 0;
  uint64_t accepted = 0;
  uint64_t quarantined = 0;
  uint64_t duplicates = 0;
  uint64_t dropped = 0;  ///< by quality rules; in bronze, not in silver
  uint64_t late = 0;
  uint64_t anomalies = 0;
  uint64_t empty = 0;
  uint64_t forgotten = 0;  ///< bronze rows removed by `forget`; in none of the counters above
};

/// Files of a table that an epoch replaces, beside the rows that it appends.
struct TableRewrite {
  std::vector<std::string> adds;     ///< `add` actions; the files are written
  std::vector<std::string> removes;  ///< paths
  bool replaces_all = false;         ///< every file goes that the table has, not only `removes`
};

// Operations of epochs that are not ingest, as the Delta log names them.
inline constexpr std::string_view kRetryOperation = "QUARANTINE RETRY";
inline constexpr std::string_view kForgetOperation = "FORGET";
inline constexpr std::string_view kRebuildOperation = "REBUILD";

struct Epoch {
  int64_t number = 0;
  int64_t first_sequence = 0;
  int64_t received_us = 0;  ///< of its first tick; gives the bronze partition
  std::array<std::shared_ptr<ColumnBatch>, kNumTables> rows;
  SilverLayout silver;
  std::shared_ptr<ColumnBatch> amended_stats;   ///< keys of device_stats rows to replace
  std::shared_ptr<ColumnBatch> amended_health;  ///< keys of device_health rows to replace
  std::vector<TableColumn> new_silver_columns;
  Positions positions;  ///< changed ones, or all when `all_positions`
  bool all_positions = false;
  bool has_positions = false;                    ///< there is something to commit even without rows
  Totals totals;                                 ///< including this epoch
  std::unique_ptr<UnfinishedSnapshot> snapshot;  ///< state after this epoch; null: none taken
  std::array<bool, kNumTables> skip{};           ///< recovery: the table has this epoch already
  /// Named in the bronze commit, so that recovery finishes what a crash leaves undone.
  std::array<std::optional<TableRewrite>, kNumTables> rewrites;
  std::string operation = "STREAMING UPDATE";  ///< as the Delta log names it
  std::vector<Arrival> arrivals;  ///< of its records, oldest first; of those of sources only

  bool Empty() const;
  size_t Bytes() const;
  /// Those that came within milliseconds of each other may be put together, as the first of them.
  void AddArrival(const Arrival& arrival);
  int64_t Rows() const { return static_cast<int64_t>(rows[kBronze]->rows()); }
};

/// A new epoch without rows; silver has the columns of `layout` plus those of evolved `metrics`.
/// `spare`, a committed epoch or null, gives its memory.
std::unique_ptr<Epoch> MakeEpoch(const TableLayout& layout, const std::vector<std::string>& metrics,
                                 int64_t number, int64_t first_sequence,
                                 std::unique_ptr<Epoch> spare = nullptr);

/// Appends the kept rows of a piece to bronze (numbering them on from `*sequence`).
void AppendBronze(const Piece& piece, int64_t received_us, int64_t* sequence, Epoch* epoch);
/// Appends the kept rows of a piece to silver.
void AppendSilver(const Piece& piece, Epoch* epoch);
void AppendQuarantine(const std::vector<RejectedRecord>& rejected, int64_t received_us,
                      Epoch* epoch);
void AppendAlert(const AlertChange& change, Epoch* epoch);
/// To rows of the table alerts.
void AppendAcknowledgement(const Acknowledgement& acknowledged, ColumnBatch* rows);

}  // namespace avocet
