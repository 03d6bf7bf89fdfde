#include "src/engine/table_rewrite.h"

#include <algorithm>

#include "src/engine/lake_tables.h"

namespace avocet {
namespace {

constexpr int kMaxConflicts = 10;

Result<int64_t> TryCommit(Table* table, const TableRewrite& rewrite, const std::string& add,
                          int64_t epoch, const std::string& operation) {
  CommitRequest request{.adds = rewrite.adds,
                        .removes = rewrite.removes,
                        .app_id = std::string(kAppId),
                        .txn_version = epoch,
                        .operation = operation};
  if (!add.empty()) request.adds.push_back(add);
  if (rewrite.replaces_all) {
    request.removes.clear();
    AVOCET_ASSIGN_OR_RETURN(const auto files, table->Files());
    for (const TableFile& file : files) request.removes.push_back(file.path);
  }
  return table->Commit(request);
}

}  // namespace

Result<int64_t> CommitRewrite(Table* table, const TableRewrite& rewrite, const std::string& add,
                              int64_t epoch, const std::string& operation) {
  for (int attempt = 1;; ++attempt) {
    auto version = TryCommit(table, rewrite, add, epoch, operation);
    if (version.status().code() != StatusCode::kConflict || !rewrite.replaces_all) return version;
    AVOCET_RETURN_IF_ERROR(table->Refresh());
    AVOCET_ASSIGN_OR_RETURN(const int64_t done, table->TxnVersion(std::string(kAppId)));
    if (done >= epoch || attempt == kMaxConflicts) return version;
  }
}

Status AddMissingColumns(Table* table, const std::vector<TableColumn>& columns) {
  AVOCET_ASSIGN_OR_RETURN(const auto present, table->ColumnNames());
  CommitRequest request{.operation = "ADD COLUMNS"};
  for (const TableColumn& column : columns) {
    if (std::find(present.begin(), present.end(), column.name) == present.end()) {
      request.add_columns.push_back(column);
    }
  }
  if (request.add_columns.empty()) return Status::Ok();
  const auto version = table->Commit(request);
  return version.ok() ? Status::Ok() : version.status();
}

}  // namespace avocet
