#include "src/engine/table_upkeep.h"

#include <memory>
#include <utility>

#include "src/engine/owned_lake.h"
#include "src/engine/recovery.h"
#include "src/engine/table_expiry.h"

namespace avocet {
namespace {

constexpr int kMaxConflicts = 10;
constexpr int64_t kSmallestRun = 2;  // on command every merge is worth it

struct OpenTables {
  std::unique_ptr<FileLock> lock, care;
  std::unique_ptr<Lake> lake;
  std::unique_ptr<LakeTables> tables;
};

Result<OpenTables> Open(const Config& config, Env* env, bool alone, bool dry_run) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, env));
  OpenTables open;
  if (alone && !dry_run) {
    AVOCET_ASSIGN_OR_RETURN(open.lock, LockLake(config, env));
  }
  if (!dry_run) {
    AVOCET_ASSIGN_OR_RETURN(open.care, LockTableCare(config, env));
  }
  AVOCET_ASSIGN_OR_RETURN(open.lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(open.lake.get(), config));
  open.tables = std::make_unique<LakeTables>(std::move(tables));
  return open;
}

// Files that only the newest bronze commit names must stay until the table's own commit.
Result<bool> MustWait(LakeTables* tables, size_t id, TableUpkeep* upkeep) {
  AVOCET_ASSIGN_OR_RETURN(const CommitInfo newest, NewestCommit(&tables->table(kBronze)));
  AVOCET_RETURN_IF_ERROR(tables->table(id).Refresh());
  AVOCET_ASSIGN_OR_RETURN(const bool unfinished, IsUnfinished(tables, newest, id));
  if (unfinished) upkeep->skipped = "a commit is not finished; the next start of avocet does it";
  return unfinished;
}

Status Measure(Table* table, uint64_t* files, uint64_t* bytes) {
  AVOCET_ASSIGN_OR_RETURN(const auto active, table->Files());
  *files = active.size();
  *bytes = 0;
  for (const TableFile& file : active) *bytes += file.size_bytes;
  return Status::Ok();
}

Status Optimize(const Config& config, LakeTables* tables, bool dry_run, TableUpkeep* upkeep) {
  Table& table = tables->table(upkeep->id);
  AVOCET_RETURN_IF_ERROR(Measure(&table, &upkeep->files_before, &upkeep->bytes_before));
  for (int attempt = 1;; ++attempt) {
    Status status = CompactTable(config, tables, upkeep->id, dry_run, &upkeep->report);
    if (status.ok()) break;
    // A running avocet has replaced one of the files; the plan is made again.
    if (status.code() != StatusCode::kConflict || attempt == kMaxConflicts) return status;
    AVOCET_RETURN_IF_ERROR(table.Refresh());
  }
  if (dry_run) return Status::Ok();
  AVOCET_RETURN_IF_ERROR(table.Refresh());
  if (upkeep->report.runs > 0) AVOCET_RETURN_IF_ERROR(table.WriteCheckpoint());
  return Measure(&table, &upkeep->files_after, &upkeep->bytes_after);
}

}  // namespace

std::optional<size_t> FindTable(const Config& config, std::string_view name) {
  const auto specs = TableSpecs(config, {});
  for (size_t id = 0; id < kNumTables; ++id) {
    const std::string with_schema = specs[id].schema + "." + specs[id].name;
    if (name == TableName(id) || name == specs[id].name || name == with_schema ||
        name == config.storage.catalog + "." + with_schema) {
      return id;
    }
  }
  return std::nullopt;
}

Result<std::vector<TableUpkeep>> OptimizeTables(const Config& config, Env* env,
                                                const std::vector<size_t>& ids, bool dry_run) {
  AVOCET_ASSIGN_OR_RETURN(const OpenTables open, Open(config, env, /*alone=*/false, dry_run));
  Config eager = config;
  eager.storage.compact_min_files = kSmallestRun;
  std::vector<TableUpkeep> done;
  for (const size_t id : ids) {
    TableUpkeep upkeep{.id = id};
    AVOCET_ASSIGN_OR_RETURN(const bool wait, MustWait(open.tables.get(), id, &upkeep));
    if (!wait) {
      const Status status = Optimize(eager, open.tables.get(), dry_run, &upkeep);
      if (!status.ok()) {
        return status.WithContext("cannot optimize " + std::string(TableName(id)));
      }
    }
    done.push_back(std::move(upkeep));
  }
  return done;
}

Result<std::vector<TableUpkeep>> VacuumTables(const Config& config, Env* env,
                                              const std::vector<size_t>& ids, Duration retention,
                                              bool alone, bool dry_run) {
  AVOCET_ASSIGN_OR_RETURN(const OpenTables open, Open(config, env, alone, dry_run));
  std::vector<TableUpkeep> done;
  for (const size_t id : ids) {
    TableUpkeep upkeep{.id = id};
    AVOCET_ASSIGN_OR_RETURN(const bool wait, MustWait(open.tables.get(), id, &upkeep));
    if (!wait) {
      auto expired = ExpireTable(config, env, open.tables.get(), id, dry_run);
      if (!expired.ok()) {
        return expired.status().WithContext("cannot expire rows of " + std::string(TableName(id)));
      }
      upkeep.report.expired_files = expired->size();
      for (const TableFile& file : *expired) upkeep.report.expired_bytes += file.size_bytes;
      // With the lock nothing is being written, and files of this very moment may go too.
      const int64_t now_ms = env->NowMicros() / 1000 + (alone ? 1 : 0);
      auto files = open.tables->table(id).Vacuum(retention.count() / 1000, now_ms, dry_run);
      if (!files.ok()) {
        return files.status().WithContext("cannot vacuum " + std::string(TableName(id)));
      }
      upkeep.report.removed_files = files->size();
      for (const RemovedFile& file : *files) upkeep.report.removed_bytes += file.size_bytes;
    }
    done.push_back(std::move(upkeep));
  }
  return done;
}

}  // namespace avocet
