#include "src/engine/recovery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "src/base/time_format.h"
#include "src/engine/bronze_reader.h"
#include "src/engine/fingerprint.h"
#include "src/engine/table_rewrite.h"

namespace avocet {
namespace {

// Replays bronze into the processor and commits, epoch by epoch, what tables lack.
class Replay {
 public:
  Replay(const RecoveryContext& context, const std::array<int64_t, kNumTables>& complete)
      : context_(context), complete_(complete) {}

  Status Run(int64_t from_epoch, RecoveryReport* report) {
    report_ = report;
    next_log_us_ = context_.env->NowMicros() + kLogEveryUs;
    AVOCET_RETURN_IF_ERROR(MarkHours(from_epoch + 1));
    AVOCET_RETURN_IF_ERROR(
        ReadBronze(&context_.tables->table(kBronze), from_epoch,
                   [&](int64_t epoch, int64_t received_us, const std::vector<RawBatch>& batches) {
                     return OnBatches(epoch, received_us, batches);
                   }));
    AVOCET_RETURN_IF_ERROR(Finish());
    return MarkHours(std::numeric_limits<int64_t>::max());
  }

 private:
  static constexpr int64_t kLogEveryUs = 5'000'000;

  Status OnBatches(int64_t epoch, int64_t received_us, const std::vector<RawBatch>& batches) {
    if (epoch_ == nullptr || epoch_->number != epoch) {
      AVOCET_RETURN_IF_ERROR(Finish());
      // Rows of hours that are in the table already must be known before more are made.
      AVOCET_RETURN_IF_ERROR(MarkHours(epoch));
      epoch_ = MakeEpoch(context_.tables->layout(), context_.processor->metrics(), epoch, 0);
    }
    for (const RawBatch& batch : batches) {
      report_->replayed_rows += static_cast<int64_t>(batch.records.size());
    }
    AVOCET_RETURN_IF_ERROR(
        context_.processor->Process(batches, kNoFuture, /*replayed=*/true, epoch_.get()));
    epoch_->received_us = received_us;
    // What no table lacks need not be kept in memory.
    for (size_t id = kSilver; id < kNumTables; ++id) {
      if (epoch <= complete_[id]) epoch_->rows[id]->Clear();
    }
    if (context_.env->NowMicros() >= next_log_us_) {
      next_log_us_ = context_.env->NowMicros() + kLogEveryUs;
      spdlog::info("replaying bronze: epoch {} of {}, {} rows", epoch, context_.bronze.last.epoch,
                   report_->replayed_rows);
    }
    return Status::Ok();
  }

  Status Finish() {
    if (epoch_ == nullptr) return Status::Ok();
    auto epoch = std::move(epoch_);
    bool lacking = false;
    epoch->skip[kBronze] = epoch->skip[kQuarantine] = true;
    for (size_t id = kSilver; id < kNumTables; ++id) {
      epoch->skip[id] = epoch->number <= complete_[id];
      lacking = lacking || (!epoch->skip[id] && epoch->rows[id]->rows() > 0);
    }
    if (!lacking && epoch->new_silver_columns.empty()) return Status::Ok();
    ++report_->repaired_epochs;
    return context_.committer->CommitNow(std::move(epoch));
  }

  // Tells the state which rows of device_stats and device_health exist for hours that are still
  // open, before rows of `epoch` are made: each table once it has no more of the epochs that come.
  Status MarkHours(int64_t epoch) {
    for (const size_t id : {kDeviceStats, kDeviceHealth}) {
      if (epoch <= complete_[id] || std::exchange(marked_[id], true)) continue;
      AVOCET_RETURN_IF_ERROR(MarkHoursOf(id));
    }
    return Status::Ok();
  }

  Status MarkHoursOf(size_t id) {
    const int64_t oldest = context_.processor->OldestOpenHour();
    if (oldest == std::numeric_limits<int64_t>::max()) return Status::Ok();
    const std::string oldest_text = FormatTimestamp(oldest).substr(0, 19);
    Table& table = context_.tables->table(id);
    AVOCET_ASSIGN_OR_RETURN(const auto files, table.Files());
    for (const TableFile& file : files) {
      const auto newest = file.max_texts.find("hour");
      if (newest != file.max_texts.end() && newest->second.substr(0, 19) < oldest_text) continue;
      AVOCET_ASSIGN_OR_RETURN(const auto reader, table.Read(file.path, MarkColumns(id)));
      for (;;) {
        AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* rows, reader->Next());
        if (rows == nullptr) break;
        for (size_t row = 0; row < rows->rows(); ++row) {
          if (rows->Int(1, row) >= oldest) MarkHour(id, *rows, row);
        }
      }
    }
    return Status::Ok();
  }

  static std::vector<std::string> MarkColumns(size_t id) {
    if (id == kDeviceHealth) return {"device_id", "hour", "until", "readings", "anomalies"};
    return {"device_id", "hour", "metric", "count", "anomalies", "late"};
  }

  void MarkHour(size_t id, const RecordBatchView& rows, size_t row) {
    const auto count = [&](size_t column) { return static_cast<uint32_t>(rows.Int(column, row)); };
    const std::string_view device = rows.Bytes(0, row);
    const int64_t hour_us = rows.Int(1, row);
    if (id == kDeviceHealth) {
      context_.processor->MarkHealthWritten(device, hour_us, rows.Int(2, row), count(3), count(4));
    } else {
      context_.processor->MarkHourWritten(device, rows.Bytes(2, row), hour_us, count(3), count(4),
                                          count(5));
    }
  }

  const RecoveryContext& context_;
  const std::array<int64_t, kNumTables> complete_;
  RecoveryReport* report_ = nullptr;
  std::unique_ptr<Epoch> epoch_;
  std::array<bool, kNumTables> marked_{};
  int64_t next_log_us_ = 0;
};

// Rows of quarantine that the newest epoch put into bronze, found by their place in the source.
// For the case that another program replaced the files in which the epoch's commit knew them.
Status DropRetried(LakeTables* tables, int64_t epoch, TableRewrite* rewrite) {
  auto keys = std::make_shared<ColumnBatch>();
  keys->AddColumn("source", ColumnType::kString);
  keys->AddColumn("partition", ColumnType::kString);
  keys->AddColumn("offset", ColumnType::kInt64);
  AVOCET_RETURN_IF_ERROR(
      ReadBronze(&tables->table(kBronze), epoch - 1,
                 [&](int64_t of_epoch, int64_t, const std::vector<RawBatch>& batches) {
                   if (of_epoch != epoch) return Status::Ok();
                   for (const RawBatch& batch : batches) {
                     for (const RawRecord& record : batch.records) {
                       keys->column(0).AppendBytes(batch.source);
                       keys->column(1).AppendBytes(batch.partition);
                       keys->column(2).AppendInt(record.offset);
                     }
                   }
                   return Status::Ok();
                 }));
  Table& quarantine = tables->table(kQuarantine);
  AVOCET_RETURN_IF_ERROR(quarantine.Refresh());
  AVOCET_ASSIGN_OR_RETURN(const auto files, quarantine.Files());
  *rewrite = {};
  for (const TableFile& file : files) rewrite->removes.push_back(file.path);
  if (files.empty() || keys->rows() == 0) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(
      auto rest, quarantine.Rewrite(rewrite->removes, keys, tables->Options(kQuarantine), 0));
  rewrite->adds = std::move(rest.adds);
  return Status::Ok();
}

Status FinishTable(LakeTables* tables, const CommitInfo& last, size_t id) {
  AVOCET_ASSIGN_OR_RETURN(const bool unfinished, IsUnfinished(tables, last, id));
  if (!unfinished) return Status::Ok();
  Table& table = tables->table(id);
  AVOCET_ASSIGN_OR_RETURN(const int64_t done, table.TxnVersion(std::string(kAppId)));
  // Somebody has removed the table, and with it the files that bronze names: it is computed anew.
  if (id >= kSilver && done < 0) return Status::Ok();
  const std::string add = id == kQuarantine ? last.quarantine_add : std::string();
  TableRewrite rewrite = last.rewrites[id].value_or(TableRewrite());
  const std::string operation =
      last.operation.empty() ? std::string("STREAMING UPDATE") : last.operation;
  const Status status = CommitRewrite(&table, rewrite, add, last.epoch, operation).status();
  if (status.code() != StatusCode::kConflict || !last.rewrites[id]) return status;
  if (id == kQuarantine && last.operation == kRetryOperation) {
    AVOCET_RETURN_IF_ERROR(DropRetried(tables, last.epoch, &rewrite));
    return CommitRewrite(&table, rewrite, add, last.epoch, operation).status();
  }
  spdlog::error("cannot finish {} of {}, run it again: {}", last.operation, TableName(id),
                status.message());
  return Status::Ok();
}

}  // namespace

Result<CommitInfo> NewestCommit(Table* bronze) {
  for (int64_t version = bronze->version(); version >= 0; --version) {
    auto entry = bronze->LogEntry(version);
    if (entry.status().code() == StatusCode::kNotFound) break;
    if (!entry.ok()) return entry.status();
    AVOCET_ASSIGN_OR_RETURN(auto info, ParseCommitInfo(*entry));
    if (info) return std::move(*info);
  }
  return CommitInfo();
}

Result<bool> IsUnfinished(LakeTables* tables, const CommitInfo& newest, size_t id) {
  const bool named = newest.rewrites[id] || (id == kQuarantine && !newest.quarantine_add.empty());
  if (!named || id == kBronze) return false;
  AVOCET_ASSIGN_OR_RETURN(const int64_t done, tables->table(id).TxnVersion(std::string(kAppId)));
  return done < newest.epoch;
}

Status FinishCommits(LakeTables* tables, const CommitInfo& last) {
  if (last.epoch == 0) return Status::Ok();
  for (const size_t id : {kQuarantine, kSilver, kAnomalies, kDeviceStats, kDeviceHealth, kAlerts}) {
    AVOCET_RETURN_IF_ERROR(FinishTable(tables, last, id));
  }
  AVOCET_ASSIGN_OR_RETURN(const int64_t done,
                          tables->table(kQuarantine).TxnVersion(std::string(kAppId)));
  if (last.last_rows[kQuarantine] > std::max<int64_t>(done, 0)) {
    spdlog::error("quarantine has lost its rows up to epoch {}: it was removed or restored",
                  last.last_rows[kQuarantine]);
  }
  return Status::Ok();
}

Result<BronzeState> ReadBronzeState(Table* bronze, const Positions& snapshot_positions,
                                    int64_t snapshot_epoch) {
  BronzeState state;
  AVOCET_ASSIGN_OR_RETURN(const int64_t epoch, bronze->TxnVersion(std::string(kAppId)));
  if (epoch < 0) return state;
  bool found = false;
  for (int64_t version = bronze->version(); version >= 0; --version) {
    auto entry = bronze->LogEntry(version);
    if (!entry.ok() && entry.status().code() == StatusCode::kNotFound) break;
    if (!entry.ok()) return entry.status();
    AVOCET_ASSIGN_OR_RETURN(auto info, ParseCommitInfo(*entry));
    if (!info) continue;
    if (!found) state.last = *info;
    found = true;
    if (info->epoch <= snapshot_epoch) break;
    // Older commits must not overwrite what newer ones said.
    state.positions.insert(info->positions.begin(), info->positions.end());
    if (info->all_positions) return state;
  }
  if (!found) {
    return Status::Corrupt(
        "bronze has an avocet transaction but its log entry is gone; the source positions are "
        "lost");
  }
  if (snapshot_epoch < 0) {
    return Status::Corrupt(
        "the log entries of bronze that hold the source positions are gone, and so is the "
        "snapshot");
  }
  state.positions.insert(snapshot_positions.begin(), snapshot_positions.end());
  return state;
}

UsableSnapshot FindSnapshot(Env* env, const std::string& dir, const Config& config,
                            const std::string& bronze_id, int64_t newest_epoch) {
  auto epochs = ListSnapshots(env, dir);
  if (!epochs.ok()) {
    spdlog::warn("cannot list snapshots, replaying bronze instead: {}", epochs.status().message());
    return {};
  }
  for (const int64_t epoch : *epochs) {
    if (epoch > newest_epoch) continue;  // State that bronze does not have: a restored copy.
    auto reader = OpenSnapshotFile(env, dir, epoch);
    if (!reader.ok()) {
      spdlog::warn("{}; an older one or bronze is used instead", reader.status().message());
      continue;
    }
    const SnapshotHeader& header = reader->header();
    if (header.bronze_id != bronze_id) continue;
    if (header.fingerprint != StateFingerprint(config, header.fleet_time_us)) {
      spdlog::info("the configuration has changed since snapshot {}: state is rebuilt from bronze",
                   epoch);
      continue;
    }
    auto info = DecodeCommitInfo(header.commit_info);
    if (!info.ok()) continue;
    return {std::move(reader).value(), epoch, std::move(info).value()};
  }
  return {};
}

Result<RecoveryReport> Recover(RecoveryContext context) {
  RecoveryReport report;
  const CommitInfo& last = context.bronze.last;
  report.epoch = last.epoch;
  context.processor->set_totals(last.totals);
  context.processor->set_next_sequence(last.next_sequence);
  AVOCET_RETURN_IF_ERROR(FinishCommits(context.tables, last));

  std::array<int64_t, kNumTables> complete{};
  int64_t oldest_complete = last.epoch;
  for (size_t id = kSilver; id < kNumTables; ++id) {
    AVOCET_ASSIGN_OR_RETURN(int64_t done,
                            context.tables->table(id).TxnVersion(std::string(kAppId)));
    if (done > last.epoch) {
      return Status::Corrupt(fmt::format(
          "{} has epoch {} but bronze ends at {}: bronze was restored from an older copy, or "
          "another "
          "process writes to this lake. Restore all tables together, or run avocet rebuild",
          TableName(id), done, last.epoch));
    }
    done = std::max<int64_t>(done, 0);  // A table that never had rows lacks none.
    complete[id] = done >= last.last_rows[id]          ? last.epoch
                   : done >= last.last_rows_before[id] ? last.epoch - 1
                                                       : done;
    oldest_complete = std::min(oldest_complete, complete[id]);
  }

  AVOCET_ASSIGN_OR_RETURN(const std::string bronze_id, context.tables->BronzeId());
  const UsableSnapshot snapshot = context.newest.epoch <= oldest_complete
                                      ? std::move(context.newest)
                                      : FindSnapshot(context.env, context.snapshot_dir,
                                                     *context.config, bronze_id, oldest_complete);
  if (snapshot.epoch > 0) {
    const Status loaded = context.processor->LoadState(*snapshot.reader);
    if (loaded.ok()) {
      report.snapshot_epoch = snapshot.epoch;
    } else {
      spdlog::warn("cannot use snapshot {}: {}; bronze is replayed instead", snapshot.epoch,
                   loaded.message());
    }
  }
  Replay replay(context, complete);
  AVOCET_RETURN_IF_ERROR(replay.Run(report.snapshot_epoch, &report));
  return report;
}

}  // namespace avocet
