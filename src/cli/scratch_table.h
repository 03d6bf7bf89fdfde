// ScratchTable: a Delta table that nobody sees, to write or read single Parquet files with the
// lake's own code.
#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/lake/lake.h"

namespace avocet {

/// Lives in a folder beside a file, "<file>.<process>.tmp", and goes with this object. Best effort:
/// what is left after a failure is a folder that says what it is.
class ScratchTable {
 public:
  static Result<std::unique_ptr<ScratchTable>> Create(const std::string& beside,
                                                      const TableSpec& spec);
  ~ScratchTable();
  ScratchTable(const ScratchTable&) = delete;
  ScratchTable& operator=(const ScratchTable&) = delete;

  Table& table() { return *table_; }
  /// Where a file of the table is, for the operating system.
  std::string PathOf(const std::string& file) const;

 private:
  explicit ScratchTable(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<Table> table_;
};

}  // namespace avocet
