// Commits that replace files of a table or add columns to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/epoch.h"
#include "src/lake/lake.h"

namespace avocet {

/// Commits `rewrite`, and the file `add` when it is not empty, as `epoch` of the table, and returns
/// the table's new version. kConflict
/// when another program has replaced one of the files, unless the rewrite replaces all anyway.
Result<int64_t> CommitRewrite(Table* table, const TableRewrite& rewrite, const std::string& add,
                              int64_t epoch, const std::string& operation);

/// Adds those of `columns` that the table does not have.
Status AddMissingColumns(Table* table, const std::vector<TableColumn>& columns);

}  // namespace avocet
