#include "src/engine/fsck.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "src/engine/audit_log.h"
#include "src/engine/fsck_files.h"
#include "src/engine/fsck_journal.h"
#include "src/engine/fsck_log.h"
#include "src/engine/owned_lake.h"
#include "src/engine/recovery.h"
#include "src/engine/snapshot_file.h"
#include "src/engine/table_expiry.h"

namespace avocet {
namespace {

// Tables of a running avocet follow bronze within a moment.
constexpr int kLooks = 5;
constexpr std::chrono::milliseconds kBetweenLooks{200};
// Files that nothing refers to are named one by one up to so many.
constexpr size_t kMostNamed = 20;

class LakeChecker {
 public:
  LakeChecker(const Config& config, Env* env, const FsckOptions& options)
      : config_(config),
        env_(env),
        options_(options),
        specs_(TableSpecs(config, ConfiguredMetrics(config))) {}

  Result<FsckReport> Run() {
    AVOCET_ASSIGN_OR_RETURN(lake_, Lake::Open(env_, config_.storage));
    AVOCET_RETURN_IF_ERROR(RequireAnything());
    report_.tables.resize(kNumTables);
    // Bronze last: the others never are ahead of a bronze that is read after them.
    for (const size_t id :
         {kAlerts, kDeviceHealth, kDeviceStats, kAnomalies, kSilver, kQuarantine, kBronze}) {
      Open(id);
    }
    for (size_t id = 0; id < kNumTables; ++id) CheckTable(id);
    for (size_t id = kQuarantine; id < kNumTables; ++id) CompareWithBronze(id);
    CheckPositions();
    CheckSnapshots();
    CheckJournals(env_, DataDir(config_) + "/journal", &report_);
    CheckAuditLog();
    for (size_t id = 0; id < kNumTables; ++id) ListWaste(id);
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return std::move(report_);
  }

 private:
  std::string Path(size_t id) const { return specs_[id].Path(config_.storage.catalog); }
  std::string Folder(size_t id) const { return store().Shown(Path(id)); }
  LakeStore& store() const { return lake_->store(); }

  void CheckAuditLog() {
    const std::string path = AuditPath(config_);
    if (!env_->Stat(path).ok()) return;  // nobody has done anything
    const std::string remedy =
        "compare it with the lines of the log that begin with `audit:`, and find out who writes to "
        "the file";
    const auto log = AuditLog::Open(path, env_);
    const auto audit = log.ok() ? (*log)->Verify() : Result<AuditReport>(log.status());
    if (!audit.ok()) {
      const bool damaged = audit.status().code() == StatusCode::kCorrupt;
      report_.Add(damaged ? FindingLevel::kError : FindingLevel::kWarning, "", path,
                  audit.status().message(),
                  damaged ? remedy : "give fsck the right to read and write it");
      return;
    }
    for (const std::string& problem : audit->problems) {
      report_.Add(FindingLevel::kError, "", path, problem, remedy);
    }
  }

  Status RequireAnything() {
    for (size_t id = 0; id < kNumTables; ++id) {
      AVOCET_ASSIGN_OR_RETURN(const bool there, store().HasFolder(Path(id)));
      if (there) return Status::Ok();
    }
    return RequireLake(config_, env_);
  }

  void Open(size_t id) {
    CheckedTable& summary = report_.tables[id];
    summary.table = TableName(id);
    auto table = lake_->OpenTable(Path(id));
    if (!table.ok()) {
      const bool derived = id >= kSilver;
      report_.Add(FindingLevel::kError, TableName(id), Folder(id),
                  "the table cannot be opened: " + table.status().message(),
                  derived ? "mend its log as said below, or move the folder away: the next start "
                            "computes the table anew from bronze"
                          : "mend its log as said below, or restore the folder from a backup");
      return;
    }
    tables_[id] = std::move(table).value();
    summary.version = tables_[id]->version();
    summary.epoch = tables_[id]->TxnVersion(std::string(kAppId)).ok()
                        ? *tables_[id]->TxnVersion(std::string(kAppId))
                        : -1;
  }

  void CheckTable(size_t id) {
    const auto there = store().HasFolder(Path(id));
    if (there.ok() && !*there) return;
    logs_[id] = CheckLog(&store(), Path(id), TableName(id), tables_[id].get(), &report_);
    if (tables_[id] == nullptr) return;
    const auto files = tables_[id]->Files();
    if (!files.ok()) {
      report_.Add(FindingLevel::kError, TableName(id), Folder(id),
                  "the list of files cannot be read: " + files.status().message(),
                  "mend the log as said for its files");
      return;
    }
    CheckFiles(&store(), Path(id), TableName(id), tables_[id].get(), *files, options_,
               &report_.tables[id], &report_);
    if (id == kBronze) {
      last_ =
          CheckBronze(Folder(id), logs_[id], report_.tables[id].version, report_.tables[id].epoch,
                      *files, RetentionOf(config_, id).count() > 0, &report_);
    }
  }

  void CompareWithBronze(size_t id) {
    const CheckedTable& summary = report_.tables[id];
    if (tables_[id] == nullptr || tables_[kBronze] == nullptr) return;
    const int64_t bronze_epoch = std::max<int64_t>(report_.tables[kBronze].epoch, 0);
    if (summary.epoch > bronze_epoch) {
      report_.Add(FindingLevel::kError, TableName(id), Folder(id),
                  fmt::format("has epoch {}, bronze ends at {}: bronze is older than the table",
                              summary.epoch, bronze_epoch),
                  id == kQuarantine
                      ? "restore all tables from the same backup"
                      : "restore all tables from the same backup, or run `avocet rebuild`");
      return;
    }
    if (last_.epoch == 0) return;
    const int64_t wanted = last_.last_rows[id];
    // Without a transaction the epoch is -1; without rows so far, none is wanted.
    if (wanted == 0 || summary.epoch >= wanted) return CompareRows(id);
    for (int look = 0; look < kLooks; ++look) {
      if (tables_[id]->Refresh().ok() && TxnOf(id) >= wanted) return;
      env_->SleepFor(kBetweenLooks);
    }
    const bool lost = id == kQuarantine && wanted != last_.epoch;
    report_.Add(
        lost ? FindingLevel::kError : FindingLevel::kWarning, TableName(id), Folder(id),
        fmt::format("has epoch {}, bronze has rows for it up to epoch {}", TxnOf(id), wanted),
        lost ? "restore the table from a backup: its rows are nowhere else"
             : "the next start of avocet repairs it from bronze");
  }

  // Only where every row is counted.
  void CompareRows(size_t id) {
    if (id != kQuarantine) return;
    const auto counted = static_cast<int64_t>(last_.totals.quarantined + last_.totals.dropped);
    const int64_t rows = report_.tables[id].rows;
    const bool expires = RetentionOf(config_, id).count() > 0;
    if (rows == counted || (expires && rows < counted)) return;
    report_.Add(FindingLevel::kError, TableName(id), Folder(id),
                fmt::format("quarantine has {} rows, {} were put there", rows, counted),
                "restore the table from a backup");
  }

  int64_t TxnOf(size_t id) {
    const auto txn = tables_[id]->TxnVersion(std::string(kAppId));
    return txn.ok() ? *txn : -1;
  }

  // The positions are in the log back to a commit with all of them, or in a snapshot.
  void CheckPositions() {
    if (tables_[kBronze] == nullptr || last_.epoch == 0) return;
    const int64_t version = report_.tables[kBronze].version;
    const std::set<int64_t>& entries = logs_[kBronze].entries;
    for (int64_t at = version; entries.contains(at); --at) {
      const auto info = logs_[kBronze].commits.find(at);
      if (info != logs_[kBronze].commits.end() && info->second.all_positions) return;
    }
    positions_need_snapshot_ = true;
  }

  void CheckSnapshots() {
    const std::string dir = SnapshotDir(config_);
    const auto epochs = ListSnapshots(env_, dir);
    if (!epochs.ok()) {
      report_.Add(FindingLevel::kWarning, "", dir, epochs.status().message(),
                  "give avocet the right to read it; without snapshots a start replays bronze");
      return;
    }
    bool usable = false;
    for (const int64_t epoch : *epochs) usable = CheckSnapshot(dir, epoch) || usable;
    if (!positions_need_snapshot_) return;
    report_.Add(usable ? FindingLevel::kWarning : FindingLevel::kError, TableName(kBronze),
                Folder(kBronze) + "/_delta_log",
                "the log does not reach back to a commit with all source positions",
                usable ? "nothing: a snapshot has them; keep it until the next start"
                       : "restore the log or the snapshots from a backup");
  }

  bool CheckSnapshot(const std::string& dir, int64_t epoch) {
    const std::string file = fmt::format("{}/{:012}.snapshot", dir, epoch);
    const std::string remedy =
        "delete it: a start then replays more of bronze, and the next "
        "snapshot takes its place";
    const auto snapshot = OpenSnapshotFile(env_, dir, epoch);
    if (snapshot.status().code() == StatusCode::kNotFound) return false;  // replaced meanwhile
    if (!snapshot.ok()) {
      report_.Add(FindingLevel::kError, "", file, snapshot.status().message(), remedy);
      return false;
    }
    if (tables_[kBronze] == nullptr) return true;
    const auto id = tables_[kBronze]->Id();
    if (id.ok() && *id != snapshot->header().bronze_id) {
      report_.Add(FindingLevel::kWarning, "", file,
                  "belongs to another bronze table; it is not used", remedy);
      return false;
    }
    if (epoch > last_.epoch && tables_[kBronze]->Refresh().ok() && epoch > TxnOf(kBronze)) {
      report_.Add(FindingLevel::kWarning, "", file,
                  fmt::format("is of epoch {}, bronze ends at {}: the lake was restored", epoch,
                              last_.epoch),
                  "nothing: the next start removes it");
      return false;
    }
    return true;
  }

  // Those of the log are told with the log.
  void ListTemporary(size_t id) {
    if (store().is_remote()) return;  // there an object is whole or not there at all
    const auto files = store().List(Path(id), "");
    if (!files.ok()) return;
    for (const LakeFile& file : *files) {
      const size_t name = file.path.rfind('/') + 1;
      if (file.path.compare(name, 5, ".tmp-") != 0) continue;
      if (file.path.find("/_delta_log/") != std::string::npos) continue;
      report_.Add(FindingLevel::kInfo, TableName(id), store().Shown(file.path),
                  "a temporary file that a dead process left behind, or that is being written",
                  "when no avocet is running it may be deleted");
    }
  }

  // Files that no version refers to, or only versions of the past. Only told.
  void ListWaste(size_t id) {
    ListTemporary(id);
    if (tables_[id] == nullptr) return;
    const int64_t far_future_ms = env_->NowMicros() / 1000 + 3'600'000;
    const auto waste = tables_[id]->Vacuum(0, far_future_ms, /*dry_run=*/true);
    if (!waste.ok() || waste->empty()) return;
    uint64_t bytes = 0;
    for (const RemovedFile& file : *waste) bytes += file.size_bytes;
    const bool few = waste->size() <= kMostNamed;
    if (few) {
      for (const RemovedFile& file : *waste) {
        report_.Add(FindingLevel::kInfo, TableName(id), Folder(id) + "/" + file.path,
                    fmt::format("{} bytes that the table does not use any more", file.size_bytes),
                    "`avocet vacuum` deletes it when it is old enough");
      }
      return;
    }
    report_.Add(FindingLevel::kInfo, TableName(id), Folder(id),
                fmt::format("{} files with {} bytes that the table does not use any more",
                            waste->size(), bytes),
                "`avocet vacuum` deletes those that are old enough");
  }

  const Config& config_;
  Env* env_;
  const FsckOptions& options_;
  const std::array<TableSpec, kNumTables> specs_;
  std::unique_ptr<Lake> lake_;
  std::array<std::unique_ptr<Table>, kNumTables> tables_;
  std::array<LogContents, kNumTables> logs_;
  CommitInfo last_;
  bool positions_need_snapshot_ = false;
  FsckReport report_;
};

}  // namespace

std::string_view LevelWord(FindingLevel severity) {
  constexpr std::array<std::string_view, 3> kWords = {"info", "warning", "error"};
  return kWords[static_cast<size_t>(severity)];
}

size_t FsckReport::Count(FindingLevel severity) const {
  return static_cast<size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& f) { return f.severity == severity; }));
}

void FsckReport::Add(FindingLevel severity, std::string_view table, std::string file,
                     std::string problem, std::string remedy) {
  findings.push_back({.severity = severity,
                      .table = std::string(table),
                      .file = std::move(file),
                      .problem = std::move(problem),
                      .remedy = std::move(remedy)});
}

Result<FsckReport> CheckLake(const Config& config, Env* env, const FsckOptions& options) {
  return LakeChecker(config, env, options).Run();
}

}  // namespace avocet
