#include "src/engine/rebuild.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "src/engine/alert_rows.h"
#include "src/engine/bronze_reader.h"
#include "src/engine/decision_keeper.h"
#include "src/engine/owned_lake.h"
#include "src/engine/snapshot_file.h"
#include "src/engine/table_rewrite.h"

namespace avocet {
namespace {

constexpr int64_t kLogEveryUs = 5'000'000;

class Rebuilder {
 public:
  Rebuilder(const Config& config, Env* env, LakeTables* tables, Processor* processor, bool dry_run)
      : config_(config), env_(env), tables_(*tables), processor_(*processor), dry_run_(dry_run) {}

  Status Compute(RebuildReport* report) {
    report_ = report;
    report_->tables.resize(kNumTables - kSilver);
    for (size_t id = kSilver; id < kNumTables; ++id) {
      RebuiltTable& table = report_->tables[id - kSilver];
      table.table = TableName(id);
      AVOCET_ASSIGN_OR_RETURN(const auto files, tables_.table(id).Files());
      for (const TableFile& file : files) table.rows_before += std::max<int64_t>(file.num_rows, 0);
    }
    Begin();
    next_log_us_ = env_->NowMicros() + kLogEveryUs;
    AVOCET_RETURN_IF_ERROR(
        ReadBronze(&tables_.table(kBronze), 0,
                   [&](int64_t epoch, int64_t, const std::vector<RawBatch>& batches) {
                     return OnBatches(epoch, batches);
                   }));
    processor_.FlushHours(epoch_.get());
    // What people did is not in bronze, and stays.
    AVOCET_RETURN_IF_ERROR(
        ReadAcknowledgements(&tables_.table(kAlerts), [&](const Acknowledgement& acknowledged) {
          AppendAcknowledgement(acknowledged, epoch_->rows[kAlerts].get());
        }));
    AVOCET_RETURN_IF_ERROR(Write());
    report_->undecodable = processor_.replay_rejects();
    return Status::Ok();
  }

  /// The new files, and the order to replace all others by them.
  std::array<std::optional<TableRewrite>, kNumTables> TakeRewrites() {
    return std::move(rewrites_);
  }

 private:
  void Begin() { epoch_ = MakeEpoch(tables_.layout(), processor_.metrics(), 0, 0); }

  Status OnBatches(int64_t epoch, const std::vector<RawBatch>& batches) {
    for (const RawBatch& batch : batches) {
      report_->bronze_rows += static_cast<int64_t>(batch.records.size());
    }
    AVOCET_RETURN_IF_ERROR(processor_.Process(batches, kNoFuture, /*replayed=*/true, epoch_.get()));
    if (env_->NowMicros() >= next_log_us_) {
      next_log_us_ = env_->NowMicros() + kLogEveryUs;
      spdlog::info("rebuilding: epoch {}, {} rows", epoch, report_->bronze_rows);
    }
    const bool full =
        static_cast<int64_t>(epoch_->rows[kSilver]->rows()) >= config_.storage.commit_rows ||
        static_cast<int64_t>(epoch_->Bytes()) >= config_.storage.commit_bytes;
    return full ? Write() : Status::Ok();
  }

  Status Write() {
    if (epoch_->amended_stats->rows() > 0 || epoch_->amended_health->rows() > 0) {
      return Status::Internal("an hour was written twice while all of bronze was replayed");
    }
    if (!dry_run_ && !epoch_->new_silver_columns.empty()) {
      AVOCET_RETURN_IF_ERROR(
          AddMissingColumns(&tables_.table(kSilver), epoch_->new_silver_columns));
    }
    for (size_t id = kSilver; id < kNumTables; ++id) {
      if (!rewrites_[id]) rewrites_[id] = TableRewrite{.replaces_all = true};
      const auto rows = static_cast<int64_t>(epoch_->rows[id]->rows());
      report_->tables[id - kSilver].rows += rows;
      if (rows == 0 || dry_run_) continue;
      auto add = tables_.table(id).WriteParquet(epoch_->rows[id], tables_.Options(id));
      if (!add.ok()) return add.status();
      rewrites_[id]->adds.push_back(std::move(add).value());
      ++report_->tables[id - kSilver].files;
    }
    Begin();
    return Status::Ok();
  }

  const Config& config_;
  Env* env_;
  LakeTables& tables_;
  Processor& processor_;
  const bool dry_run_;
  RebuildReport* report_ = nullptr;
  std::unique_ptr<Epoch> epoch_;
  std::array<std::optional<TableRewrite>, kNumTables> rewrites_;
  int64_t next_log_us_ = 0;
};

Result<RebuildReport> DryRun(const Config& config, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  StageClock clock(env);
  Processor processor(config, tables.layout(), NumThreads(config), &clock);
  AVOCET_ASSIGN_OR_RETURN(const Decisions decisions, ReadDecisions(config, env));
  processor.set_decisions(decisions);
  RebuildReport report;
  Rebuilder rebuilder(config, env, &tables, &processor, /*dry_run=*/true);
  AVOCET_RETURN_IF_ERROR(rebuilder.Compute(&report));
  return report;
}

// An epoch that no table has seen, also when bronze was restored from an older copy.
Result<int64_t> NextFreeEpoch(LakeTables* tables, int64_t newest) {
  for (size_t id = 0; id < kNumTables; ++id) {
    AVOCET_ASSIGN_OR_RETURN(const int64_t txn, tables->table(id).TxnVersion(std::string(kAppId)));
    newest = std::max(newest, txn);
  }
  return newest + 1;
}

}  // namespace

Result<RebuildReport> Rebuild(const Config& config, Env* env, const RebuildOptions& options) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, env));
  if (options.dry_run) return DryRun(config, env);
  AVOCET_ASSIGN_OR_RETURN(OwnedLake owned,
                          OpenOwnedLake(config, env, options.on_step, /*recover=*/false));
  AVOCET_ASSIGN_OR_RETURN(const auto care, LockTableCare(config, env));
  RebuildReport report;
  LakeTables& tables = *owned.tables;
  Rebuilder rebuilder(config, env, &tables, owned.processor.get(), /*dry_run=*/false);
  AVOCET_RETURN_IF_ERROR(rebuilder.Compute(&report));

  auto epoch = NextEpoch(owned, env, kRebuildOperation);
  AVOCET_ASSIGN_OR_RETURN(epoch->number, NextFreeEpoch(&tables, epoch->number - 1));
  epoch->rewrites = rebuilder.TakeRewrites();
  epoch->totals.anomalies = static_cast<uint64_t>(report.tables[kAnomalies - kSilver].rows);
  epoch->snapshot = WriteState(config, env, &tables, owned.processor.get(), epoch->number,
                               owned.bronze.positions);
  report.epoch = epoch->number;
  AVOCET_RETURN_IF_ERROR(owned.committer->CommitNow(std::move(epoch)));
  // Older snapshots hold what the configuration of their time made of bronze.
  AVOCET_ASSIGN_OR_RETURN(const auto snapshots, ListSnapshots(env, SnapshotDir(config)));
  for (const int64_t snapshot : snapshots) {
    if (snapshot >= report.epoch) continue;
    AVOCET_RETURN_IF_ERROR(RemoveSnapshot(env, SnapshotDir(config), snapshot));
  }
  return report;
}

}  // namespace avocet
