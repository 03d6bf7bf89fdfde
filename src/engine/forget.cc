#include "src/engine/forget.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "src/alert/gate_log.h"
#include "src/alert/operator_log.h"
#include "src/alert/outbox.h"
#include "src/alert/reset_log.h"
#include "src/engine/alert_rows.h"
#include "src/engine/audit_log.h"
#include "src/engine/device_trace.h"
#include "src/engine/forget_journal.h"
#include "src/engine/forget_outbox.h"
#include "src/engine/owned_lake.h"
#include "src/engine/quarantine_rows.h"
#include "src/engine/snapshot_file.h"
#include "src/lake/env_store.h"

namespace avocet {
namespace {

constexpr const char* kAuditForget = "device forgotten";

// Everything that nothing refers to is older than this.
int64_t FarFutureMs(Env* env) { return env->NowMicros() / 1000 + 3'600'000; }

// What a device may be called as well without being meant by it.
std::set<std::string> OrdinaryNames(const Config& config, const LakeTables& tables) {
  std::set<std::string> names;
  for (const DetectorConfig& detector : config.detectors) names.insert(detector.name);
  for (const AlertRuleConfig& rule : config.alerts.rules) names.insert(rule.name);
  for (size_t id = 0; id < kNumTables; ++id) {
    for (const TableColumn& column : tables.spec(id).columns) names.insert(column.name);
  }
  return names;
}

// The rows of one file that go.
struct Hits {
  uint64_t rows = 0;
  uint64_t dropped = 0;  // of quarantine: rows of quality rules
  uint64_t hits = 0;
  std::shared_ptr<ColumnBatch> keys;
};

class Forgetter {
 public:
  Forgetter(const Config& config, Env* env, Lake* lake, LakeTables* tables,
            const std::string& device, ForgetReport* report)
      : config_(config),
        env_(env),
        lake_(*lake),
        store_(lake->store()),
        data_dir_(env, DataDir(config)),
        tables_(tables),
        trace_(device, OrdinaryNames(config, *tables)),
        report_(*report) {}

  /// Counts the rows in files of the present and of the past, and looks at the bytes of all files.
  Status Look() {
    for (size_t id = 0; id < kNumTables; ++id) {
      AVOCET_ASSIGN_OR_RETURN(files_[id], tables_->table(id).Files());
      for (const TableFile& file : files_[id]) {
        AVOCET_ASSIGN_OR_RETURN(Hits hits, Find(id, file));
        ++report_.tables[id].files_read;
        report_.tables[id].rows_removed += hits.hits;
        report_.found = report_.found || hits.hits > 0;
      }
      AVOCET_RETURN_IF_ERROR(LookAtDeadFiles(id));
    }
    AVOCET_ASSIGN_OR_RETURN(report_.journal_records, CountInJournals(config_, env_, trace_));
    AVOCET_ASSIGN_OR_RETURN(const bool audited, IsInAuditLog());
    report_.found = report_.found || report_.journal_records > 0 || audited;
    if (report_.found) return Status::Ok();
    AVOCET_RETURN_IF_ERROR(SearchBytes());
    report_.found = !report_.remaining.empty();
    return Status::Ok();
  }

  /// The rows out of all tables, in one epoch.
  Status Remove(OwnedLake* owned) {
    AVOCET_RETURN_IF_ERROR(ForgetWhatPeopleDid());
    auto epoch = NextEpoch(*owned, env_, kForgetOperation);
    for (size_t id = 0; id < kNumTables; ++id) {
      // Tables without the device get an entry as well, so that no old one has to stay.
      epoch->rewrites[id] = TableRewrite();
      for (const TableFile& file : files_[id]) {
        AVOCET_ASSIGN_OR_RETURN(Hits hits, Find(id, file));
        if (hits.hits == 0) continue;
        AVOCET_RETURN_IF_ERROR(Rewrite(id, file, hits, &*epoch->rewrites[id]));
        ++report_.tables[id].files_rewritten;
        Count(id, hits, &epoch->totals);
      }
    }
    return owned->committer->CommitNow(std::move(epoch));
  }

  /// Files, log entries and snapshots that may name the device.
  Status DeleteThePast(const std::string& actor) {
    for (size_t id = 0; id < kNumTables; ++id) {
      Table& table = tables_->table(id);
      AVOCET_RETURN_IF_ERROR(table.Refresh());
      AVOCET_RETURN_IF_ERROR(table.WriteCheckpoint());
      AVOCET_ASSIGN_OR_RETURN(const auto log,
                              table.CleanupLog(0, table.version(), FarFutureMs(env_), false));
      report_.log_files_deleted += log.size();
      AVOCET_ASSIGN_OR_RETURN(const auto files, table.Vacuum(0, FarFutureMs(env_), false));
      report_.files_deleted += files.size();
      for (const RemovedFile& file : files) report_.bytes_deleted += file.size_bytes;
      AVOCET_RETURN_IF_ERROR(DeleteTemporary(&store_, Path(id)));
    }
    const std::string dir = SnapshotDir(config_);
    AVOCET_ASSIGN_OR_RETURN(const auto snapshots, ListSnapshots(env_, dir));
    for (const int64_t epoch : snapshots) {
      AVOCET_RETURN_IF_ERROR(RemoveSnapshot(env_, dir, epoch));
      ++report_.snapshots_deleted;
    }
    if (env_->Stat(OutboxPath(config_)).ok()) {
      AVOCET_ASSIGN_OR_RETURN(const auto gates, GateLog::Open(OutboxPath(config_)));
      AVOCET_RETURN_IF_ERROR(gates->ForgetDevice(trace_.device()));
      AVOCET_ASSIGN_OR_RETURN(const auto resets, ResetLog::Open(OutboxPath(config_)));
      AVOCET_RETURN_IF_ERROR(resets->ForgetDevice(trace_.device()));
      AVOCET_ASSIGN_OR_RETURN(const auto outbox, Outbox::Open(OutboxPath(config_)));
      AVOCET_RETURN_IF_ERROR(outbox->ForgetDevice(
          trace_.device(), [this](std::string_view text) { return trace_.IsNamedIn(text); }));
    }
    AVOCET_RETURN_IF_ERROR(ForgetInJournals(config_, env_, trace_).status());
    AVOCET_RETURN_IF_ERROR(DeleteTemporary(&data_dir_, ""));
    return RedactAuditLog(actor);
  }

  /// Reads all rows and all bytes again, with a handle that knows nothing of what was done.
  Status Prove() {
    AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env_, config_.storage));
    AVOCET_ASSIGN_OR_RETURN(LakeTables fresh, LakeTables::OpenExisting(lake.get(), config_));
    LakeTables* const before = std::exchange(tables_, &fresh);
    Status status = ReadAllRows();
    tables_ = before;
    AVOCET_RETURN_IF_ERROR(std::move(status));
    AVOCET_RETURN_IF_ERROR(SearchBytes());
    AVOCET_ASSIGN_OR_RETURN(const uint64_t records, CountInJournals(config_, env_, trace_));
    if (records > 0) {
      report_.remaining.push_back(fmt::format("{} records in the journals", records));
    }
    AVOCET_ASSIGN_OR_RETURN(const bool audited, IsInAuditLog());
    if (audited) report_.remaining.push_back("its name in " + AuditPath(config_));
    AVOCET_ASSIGN_OR_RETURN(const bool keeps, store_.KeepsRemoved());
    if (keeps) {
      report_.remaining.push_back("earlier versions of files: " + store_.Shown("") +
                                  " is in a bucket with versioning, whose life-cycle rules delete "
                                  "them");
    }
    return Status::Ok();
  }

 private:
  // Comments on its alerts, and mutes: before its alerts go, whose ids they have.
  Status ForgetWhatPeopleDid() {
    if (!env_->Stat(OutboxPath(config_)).ok()) return Status::Ok();
    std::set<std::string> alert_ids;
    AVOCET_RETURN_IF_ERROR(
        ReadAlerts(&tables_->table(kAlerts), INT64_MIN, [&](const AlertChange& change) {
          if (change.device == trace_.device()) alert_ids.insert(change.id);
        }));
    AVOCET_ASSIGN_OR_RETURN(const auto log, OperatorLog::Open(OutboxPath(config_)));
    return log->Forget(alert_ids, [this](std::string_view text) { return trace_.IsNamedIn(text); });
  }

  // Of what a forget before has written, the numbers of entries could look like its name.
  bool IsNamedInAudit(std::string_view body) const {
    return trace_.IsNamedIn(body) &&
           body.find(fmt::format("\"action\":\"{}\"", kAuditForget)) == body.npos;
  }

  Result<bool> IsInAuditLog() {
    if (!env_->Stat(AuditPath(config_)).ok()) return false;
    AVOCET_ASSIGN_OR_RETURN(const auto log, AuditLog::Open(AuditPath(config_), env_));
    AVOCET_ASSIGN_OR_RETURN(const auto entries, log->Entries());
    return std::any_of(entries.begin(), entries.end(),
                       [&](const AuditEntry& entry) { return IsNamedInAudit(entry.body); });
  }

  Status RedactAuditLog(const std::string& actor) {
    AVOCET_ASSIGN_OR_RETURN(const auto log, AuditLog::Open(AuditPath(config_), env_));
    AVOCET_ASSIGN_OR_RETURN(
        const int64_t redacted,
        log->Redact({.actor = actor, .remote = "", .action = kAuditForget, .details = {}},
                    [this](std::string_view body) { return IsNamedInAudit(body); }));
    report_.audit_entries = static_cast<uint64_t>(redacted);
    return Status::Ok();
  }

  Status ReadAllRows() {
    report_.remaining.clear();
    report_.rows_read = 0;
    for (size_t id = 0; id < kNumTables; ++id) {
      AVOCET_ASSIGN_OR_RETURN(const auto files, tables_->table(id).Files());
      for (const TableFile& file : files) {
        AVOCET_ASSIGN_OR_RETURN(const Hits hits, Find(id, file));
        report_.rows_read += hits.rows;
        if (hits.hits == 0) continue;
        report_.remaining.push_back(
            fmt::format("{} rows in {}/{}", hits.hits, Folder(id), file.path));
      }
    }
    return Status::Ok();
  }

  std::string Path(size_t id) const { return tables_->spec(id).Path(config_.storage.catalog); }
  std::string Folder(size_t id) const { return store_.Shown(Path(id)); }

  Result<Hits> Find(size_t id, const TableFile& file) {
    return id == kQuarantine ? FindQuarantined(file) : FindDevice(id, file);
  }

  Result<Hits> FindDevice(size_t id, const TableFile& file) {
    Hits hits;
    AVOCET_ASSIGN_OR_RETURN(const auto reader, tables_->table(id).Read(file.path, {"device_id"}));
    std::string previous;
    for (;;) {
      AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* rows, reader->Next());
      if (rows == nullptr) break;
      hits.rows += rows->rows();
      for (size_t i = 0; i < rows->rows(); ++i) {
        if (rows->IsNull(0, i)) continue;
        const std::string_view device = rows->Bytes(0, i);
        if (device == trace_.device()) {
          ++hits.hits;
        } else if (device != previous) {
          previous = device;
          trace_.AddOther(device);
        }
      }
    }
    hits.keys = std::make_shared<ColumnBatch>();
    hits.keys->AddColumn("device_id", ColumnType::kString);
    hits.keys->column(0).AppendBytes(trace_.device());
    return hits;
  }

  Result<Hits> FindQuarantined(const TableFile& file) {
    Hits hits;
    hits.keys = std::make_shared<ColumnBatch>(QuarantineKeys());
    AVOCET_RETURN_IF_ERROR(ReadQuarantineFile(
        &tables_->table(kQuarantine), file, [&](const QuarantineRow& row) -> Result<bool> {
          ++hits.rows;
          // A topic may be the device's own.
          if (!trace_.IsNamedIn(row.payload) && !trace_.IsNamedIn(row.message) &&
              !trace_.IsToldIn(row.partition)) {
            return true;
          }
          ++hits.hits;
          if (IsQualityCode(row.code)) ++hits.dropped;
          AppendQuarantineKey(row, hits.keys.get());
          return true;
        }));
    return hits;
  }

  Status LookAtDeadFiles(size_t id) {
    AVOCET_ASSIGN_OR_RETURN(const auto dead,
                            tables_->table(id).Vacuum(0, FarFutureMs(env_), /*dry_run=*/true));
    for (const RemovedFile& file : dead) {
      const auto hits = Find(id, {.path = file.path});
      // What cannot be read may hold anything.
      if (hits.ok() && hits->hits == 0) continue;
      ++report_.tables[id].dead_files;
      report_.found = true;
    }
    return Status::Ok();
  }

  Status Rewrite(size_t id, const TableFile& file, const Hits& hits, TableRewrite* rewrite) {
    WriteOptions options = tables_->Options(id);
    options.partition_values = file.partition_values;
    AVOCET_ASSIGN_OR_RETURN(auto rest,
                            tables_->table(id).Rewrite({file.path}, hits.keys, options, 0));
    const auto removed = static_cast<uint64_t>(rest.rows_in - rest.rows_out);
    if (removed != hits.hits) {
      return Status::Corrupt(
          fmt::format("cannot forget: {} rows of {} belong to the device, {} "
                      "have its keys; nothing was changed",
                      hits.hits, file.path, removed));
    }
    rewrite->removes.push_back(file.path);
    for (std::string& add : rest.adds) rewrite->adds.push_back(std::move(add));
    return Status::Ok();
  }

  static void Count(size_t id, const Hits& hits, Totals* totals) {
    const auto take = [](uint64_t* from, uint64_t rows) { *from -= std::min(*from, rows); };
    if (id == kBronze) {
      take(&totals->received, hits.hits);
      take(&totals->accepted, hits.hits);
      totals->forgotten += hits.hits;
    } else if (id == kQuarantine) {
      take(&totals->received, hits.hits - hits.dropped);
      take(&totals->quarantined, hits.hits - hits.dropped);
      take(&totals->dropped, hits.dropped);
    } else if (id == kAnomalies) {
      take(&totals->anomalies, hits.hits);
    }
  }

  Status DeleteTemporary(LakeStore* store, const std::string& folder) {
    if (store->is_remote()) return Status::Ok();  // nothing is there before it is whole
    AVOCET_ASSIGN_OR_RETURN(const auto files, store->List(folder, ""));
    for (const LakeFile& file : files) {
      if (!file.path.substr(file.path.rfind('/') + 1).starts_with(".tmp-")) continue;
      AVOCET_RETURN_IF_ERROR(store->Remove(file.path));
      ++report_.files_deleted;
    }
    return Status::Ok();
  }

  // After all rows were read, so that the other devices are known.
  Status SearchBytes() {
    report_.files_searched = report_.bytes_searched = 0;
    if (env_->Stat(OutboxPath(config_)).ok()) {
      AVOCET_ASSIGN_OR_RETURN(const bool named, IsInOutbox(OutboxPath(config_), &trace_));
      if (named) report_.remaining.push_back("its name in rows of " + OutboxPath(config_));
    }
    AVOCET_RETURN_IF_ERROR(SearchBytes(&store_));
    const bool inside = config_.storage.data_dir.empty() && !store_.is_remote();
    return inside ? Status::Ok() : SearchBytes(&data_dir_);
  }

  Status SearchBytes(LakeStore* store) {
    AVOCET_ASSIGN_OR_RETURN(const auto files, store->List("", ""));
    for (const LakeFile& file : files) {
      const bool is_parquet = store == &store_ && file.path.ends_with(".parquet");
      const auto named =
          is_parquet ? trace_.IsInParquet(&lake_, file.path) : trace_.IsIn(store, file.path);
      if (named.status().code() == StatusCode::kNotFound) continue;
      if (!named.ok()) return named.status();
      ++report_.files_searched;
      report_.bytes_searched += file.size_bytes;
      if (*named) report_.remaining.push_back("its name in " + store->Shown(file.path));
    }
    return Status::Ok();
  }

  const Config& config_;
  Env* env_;
  Lake& lake_;
  LakeStore& store_;
  EnvStore data_dir_;
  LakeTables* tables_;
  DeviceTrace trace_;
  ForgetReport& report_;
  std::array<std::vector<TableFile>, kNumTables> files_;
};

Result<ForgetReport> DryRun(const Config& config, Env* env, const std::string& device) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  ForgetReport report;
  AVOCET_RETURN_IF_ERROR(Forgetter(config, env, lake.get(), &tables, device, &report).Look());
  return report;
}

}  // namespace

Result<ForgetReport> ForgetDevice(const Config& config, Env* env, const std::string& device,
                                  const ForgetOptions& options) {
  if (device.empty()) return Status::Usage("cannot forget: the device has no name");
  AVOCET_RETURN_IF_ERROR(RequireLake(config, env));
  if (options.dry_run) return DryRun(config, env, device);
  AVOCET_ASSIGN_OR_RETURN(OwnedLake owned,
                          OpenOwnedLake(config, env, options.on_step, /*recover=*/true));
  AVOCET_ASSIGN_OR_RETURN(const auto care, LockTableCare(config, env));
  ForgetReport report;
  Forgetter forgetter(config, env, owned.lake.get(), owned.tables.get(), device, &report);
  AVOCET_RETURN_IF_ERROR(forgetter.Look());
  if (!report.found) return report;
  AVOCET_RETURN_IF_ERROR(forgetter.Remove(&owned));
  AVOCET_RETURN_IF_ERROR(forgetter.DeleteThePast(options.actor));
  AVOCET_RETURN_IF_ERROR(forgetter.Prove());
  return report;
}

}  // namespace avocet
