// TableText: the rows of a Delta table as text, for tests that compare tables.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

/// One cell is an integer, the shortest text of a double, true or false, a time stamp such as
/// 2021-06-15T00:00:00Z, a string, or nothing for null. Strings with commas, quotes or line ends,
/// and empty ones, are quoted as in CSV; bytes that are no printable ASCII become \xNN.
using TextRow = std::vector<std::string>;

struct TableText {
  std::vector<std::string> columns;
  std::vector<TextRow> rows;  ///< sorted
};

/// The folder of one of avocet's tables below the lake: "bronze", "quarantine", "silver",
/// "anomalies", "device_stats", "device_health" or "alerts". Empty for another name.
std::string TablePath(const std::string& short_name);

/// Reads the newest version of a table; all columns when `columns` is empty.
Result<TableText> ReadTable(Env* env, const std::string& lake, const std::string& short_name,
                            std::vector<std::string> columns);

std::string JoinCells(const TextRow& row);
/// The inverse: cells of one line, in the form that TextRow has.
TextRow SplitCells(const std::string& line);

/// Whether the tables of a lake fit together after a complete run: the counters add up to the rows,
/// `sequence` has no gaps, no position is twice, hours are unique. Ok or what is wrong.
Status CheckLake(Env* env, const std::string& lake);

}  // namespace avocet
