#include "src/engine/table_care.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "src/engine/table_expiry.h"
#include "src/env/kill_point.h"

namespace avocet {
namespace {

// A compaction reads and writes at most this much, so that ingest is never kept waiting for long.
constexpr uint64_t kLargestRunBytes = uint64_t{256} << 20;
constexpr std::chrono::hours kCleanUpEvery{1};

// Files of one partition in the order of their rows. `of_days`: those of different days are kept
// apart, so that rows go when their time has come and not with those of much later.
std::map<std::string, std::vector<TableFile>> ByPartition(std::vector<TableFile> files, size_t id,
                                                          bool of_days) {
  std::map<std::string, std::vector<TableFile>> partitions;
  for (TableFile& file : files) {
    const auto date = file.partition_values.find("date");
    std::string key = date == file.partition_values.end() ? "" : date->second;
    if (of_days) key += NewestDay(file, id);
    partitions[std::move(key)].push_back(std::move(file));
  }
  for (auto& [date, group] : partitions) {
    std::sort(group.begin(), group.end(), [](const TableFile& a, const TableFile& b) {
      const auto sequence = [](const TableFile& f) {
        const auto found = f.min_values.find("sequence");
        return found == f.min_values.end() ? int64_t{-1} : found->second;
      };
      return std::tuple(sequence(a), a.modified_ms, a.path) <
             std::tuple(sequence(b), b.modified_ms, b.path);
    });
  }
  return partitions;
}

// Runs of neighbouring small files that are worth merging.
std::vector<std::vector<TableFile>> Runs(const std::vector<TableFile>& files,
                                         const StorageConfig& storage) {
  std::vector<std::vector<TableFile>> runs;
  std::vector<TableFile> run;
  uint64_t bytes = 0;
  const auto small = static_cast<uint64_t>(storage.target_file_bytes) / 2;
  const uint64_t largest =
      std::min(kLargestRunBytes, static_cast<uint64_t>(storage.target_file_bytes));
  const auto finish = [&] {
    if (run.size() >= static_cast<size_t>(storage.compact_min_files)) runs.push_back(run);
    run.clear();
    bytes = 0;
  };
  for (const TableFile& file : files) {
    if (file.size_bytes >= small) {
      finish();
      continue;
    }
    if (bytes + file.size_bytes > largest && !run.empty()) finish();
    run.push_back(file);
    bytes += file.size_bytes;
  }
  finish();
  return runs;
}

}  // namespace

Status CompactTable(const Config& config, LakeTables* tables, size_t id, bool dry_run,
                    CareReport* report) {
  Table& table = tables->table(id);
  AVOCET_ASSIGN_OR_RETURN(auto files, table.Files());
  const bool of_days = RetentionOf(config, id).count() > 0;
  for (const auto& [date, group] : ByPartition(std::move(files), id, of_days)) {
    for (const auto& run : Runs(group, config.storage)) {
      ++report->runs;
      report->compacted_files += run.size();
      for (const TableFile& file : run) report->compacted_bytes += file.size_bytes;
      if (dry_run) continue;
      WriteOptions options = tables->Options(id);
      options.partition_values = run.front().partition_values;
      CommitRequest request{.operation = "OPTIMIZE", .data_change = false};
      for (const TableFile& file : run) request.removes.push_back(file.path);
      AVOCET_ASSIGN_OR_RETURN(auto rewritten, table.Rewrite(request.removes, nullptr, options,
                                                            config.storage.target_file_bytes * 2));
      KillPoint("care_rewritten");
      report->written_files += rewritten.adds.size();
      request.adds = std::move(rewritten.adds);
      auto version = table.Commit(request);
      if (!version.ok()) return version.status();
      KillPoint("care_compacted");
    }
  }
  return Status::Ok();
}

TableCare::TableCare(const Config* config, Env* env, LakeTables* tables)
    : config_(config), env_(env), tables_(tables) {
  for (size_t id = 0; id < kNumTables; ++id) checkpointed_[id] = tables_->table(id).version();
  cleaned_ = env_->Monotonic();
  if (config_->storage.care_enabled) thread_ = std::thread([this] { Loop(); });
}

TableCare::~TableCare() { Stop(); }

void TableCare::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void TableCare::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool TableCare::Stopping() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void TableCare::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, config_->storage.care_interval, [&] { return stopping_; });
    if (stopping_) return;
    if (!std::exchange(woken_, false)) continue;
    lock.unlock();
    Pass();
    lock.lock();
  }
}

void TableCare::Pass() {
  const bool clean_up = env_->Monotonic() - cleaned_ >= kCleanUpEvery;
  if (clean_up) cleaned_ = env_->Monotonic();
  for (size_t id = 0; id < kNumTables && !Stopping(); ++id) {
    CareReport report;
    Status status = CompactTable(*config_, tables_, id, /*dry_run=*/false, &report);
    if (status.ok()) status = Checkpoint(id);
    if (status.ok() && clean_up) status = CleanUp(id);
    if (!status.ok()) {
      spdlog::warn("table care of {} is put off: {}", TableName(id), status.message());
    }
  }
}

Status TableCare::Checkpoint(size_t id) {
  Table& table = tables_->table(id);
  const int64_t version = table.version();
  if (version - checkpointed_[id] < config_->storage.checkpoint_commits) return Status::Ok();
  AVOCET_RETURN_IF_ERROR(table.WriteCheckpoint());
  KillPoint("care_checkpointed");
  checkpointed_[id] = version;
  return Status::Ok();
}

Status TableCare::CleanUp(size_t id) {
  AVOCET_RETURN_IF_ERROR(ExpireTable(*config_, env_, tables_, id, /*dry_run=*/false).status());
  Table& table = tables_->table(id);
  const int64_t now_ms = env_->NowMicros() / 1000;
  // Bronze keeps the entries back to one with all source positions.
  const int64_t keep_from =
      id == kBronze
          ? std::max<int64_t>(0, table.version() - 4 * config_->storage.checkpoint_commits)
          : table.version();
  auto log = table.CleanupLog(config_->storage.log_retention.count() / 1000, keep_from, now_ms,
                              /*dry_run=*/false);
  if (!log.ok()) return log.status();
  auto files = table.Vacuum(config_->storage.vacuum_retention.count() / 1000, now_ms,
                            /*dry_run=*/false);
  return files.ok() ? Status::Ok() : files.status();
}

}  // namespace avocet
