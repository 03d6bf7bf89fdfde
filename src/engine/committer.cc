#include "src/engine/committer.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "src/base/time_format.h"
#include "src/engine/table_rewrite.h"
#include "src/env/kill_point.h"

namespace avocet {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{100};
constexpr std::chrono::milliseconds kLongestRetry{5000};
constexpr int kMaxConflicts = 10;

bool MayMend(const Status& status) {
  switch (status.code()) {
    case StatusCode::kIo:
    case StatusCode::kNoSpace:
    case StatusCode::kPermission:
    case StatusCode::kUnavailable:
      return true;
    default:
      return false;
  }
}

}  // namespace

Committer::Committer(CommitterOptions options, const CommitInfo& last)
    : options_(std::move(options)),
      pool_(options_.num_threads),
      last_(last),
      thread_([this] { Loop(); }) {}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status Committer::Submit(std::unique_ptr<Epoch> epoch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !failure_.ok() || queue_.size() < options_.queue_limit; });
  if (!failure_.ok()) return failure_;
  queue_.push_back(std::move(epoch));
  changed_.notify_all();
  return Status::Ok();
}

Status Committer::Drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !failure_.ok() || (queue_.empty() && !busy_); });
  return failure_;
}

void Committer::StopRetrying(std::chrono::nanoseconds grace) {
  retries_end_ = options_.env->Monotonic() + grace;
  changed_.notify_all();
}

Status Committer::CommitNow(std::unique_ptr<Epoch> epoch) { return CommitEpoch(epoch.get()); }

std::unique_ptr<Epoch> Committer::TakeSpare() {
  std::lock_guard lock(mutex_);
  return std::move(spare_);
}

Status Committer::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

std::string Committer::problem() const {
  std::lock_guard lock(mutex_);
  return problem_;
}

CommitInfo Committer::last() const {
  std::lock_guard lock(mutex_);
  return last_;
}

Positions Committer::TakeCommittedPositions() {
  std::lock_guard lock(mutex_);
  return std::exchange(committed_, {});
}

void Committer::Loop() {
  for (;;) {
    std::unique_ptr<Epoch> epoch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      epoch = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
    }
    changed_.notify_all();
    const Status status = CommitEpoch(epoch.get());
    {
      std::lock_guard lock(mutex_);
      spare_ = std::move(epoch);
      busy_ = false;
      if (!status.ok()) failure_ = status;
    }
    changed_.notify_all();
    if (!status.ok()) return;
  }
}

Status Committer::WithRetry(std::string_view what, int64_t epoch,
                            const std::function<Status()>& attempt) {
  std::chrono::milliseconds pause = kFirstRetry;
  for (;;) {
    ++attempts_;
    const Status status = attempt();
    if (status.ok() || !MayMend(status)) {
      std::lock_guard lock(mutex_);
      problem_.clear();
      return status.WithContext(what);
    }
    {
      std::unique_lock lock(mutex_);
      if (problem_ != status.message()) {
        spdlog::error("cannot commit, trying again until it works: {}: {}", what, status.message());
      }
      problem_ = status.message();
      const std::chrono::nanoseconds end = retries_end_;
      if (stopping_ || options_.env->Monotonic() >= end) return status.WithContext(what);
      if (end != std::chrono::nanoseconds::max()) pause = kFirstRetry;
      const auto is_told = [&] { return stopping_ || retries_end_.load() != end; };
      if (!options_.on_step) changed_.wait_for(lock, pause, is_told);
    }
    if (options_.on_step) AVOCET_RETURN_IF_ERROR(options_.on_step("retry", epoch));
    pause = std::min(pause * 2, kLongestRetry);
  }
}

Status Committer::Step(std::string_view name, int64_t epoch) {
  KillPoint(name);
  return options_.on_step ? options_.on_step(name, epoch) : Status::Ok();
}

Status Committer::CommitEpoch(Epoch* epoch) {
  for (std::string& add : adds_) add.clear();
  done_ = {.epoch = epoch->number, .operation = epoch->operation, .tables = {}};
  for (size_t id = 0; id < kNumTables; ++id) {
    done_.tables[id].rows = static_cast<int64_t>(epoch->rows[id]->rows());
  }
  AVOCET_RETURN_IF_ERROR(
      WithRetry("cannot write data files", epoch->number, [&] { return WriteFiles(epoch); }));
  options_.clock->Pass(CommitStage::kWritten, epoch->arrivals);
  AVOCET_RETURN_IF_ERROR(Step("files", epoch->number));
  const StageClock::Timer timer(options_.clock, Stage::kCommit);
  if (!epoch->skip[kBronze]) {
    if (before_commit_) {
      AVOCET_RETURN_IF_ERROR(
          WithRetry("cannot store alerts for delivery", epoch->number, before_commit_));
      KillPoint("alerts_stored");
    }
    AVOCET_RETURN_IF_ERROR(
        WithRetry("cannot commit bronze", epoch->number, [&] { return CommitBronze(*epoch); }));
    options_.clock->Pass(CommitStage::kBronze, epoch->arrivals);
    AVOCET_RETURN_IF_ERROR(Step("bronze", epoch->number));
  }
  if (!epoch->new_silver_columns.empty()) {
    AVOCET_RETURN_IF_ERROR(WithRetry("cannot add silver columns", epoch->number,
                                     [&] { return AddSilverColumns(*epoch); }));
    AVOCET_RETURN_IF_ERROR(Step("silver_columns", epoch->number));
  }
  for (const size_t id : {kQuarantine, kSilver, kAnomalies, kDeviceStats, kDeviceHealth, kAlerts}) {
    if (epoch->skip[id] || (epoch->rows[id]->rows() == 0 && !epoch->rewrites[id])) continue;
    const std::string what = "cannot commit " + std::string(TableName(id));
    AVOCET_RETURN_IF_ERROR(WithRetry(what, epoch->number, [&] {
      const bool amends = (id == kDeviceStats || id == kDeviceHealth) && !epoch->rewrites[id];
      return amends ? CommitHours(id, *epoch) : CommitTable(id, *epoch);
    }));
    AVOCET_RETURN_IF_ERROR(Step(TableName(id), epoch->number));
  }
  options_.clock->Pass(CommitStage::kTables, epoch->arrivals);
  last_commit_us_ = options_.env->NowMicros();
  if (on_commit_) on_commit_(done_);
  if (epoch->snapshot != nullptr) {
    // A sync is not repeated: the next snapshot will do.
    const Status published = epoch->snapshot->Publish();
    epoch->snapshot.reset();
    if (!published.ok()) spdlog::warn("cannot write a state snapshot: {}", published.message());
    AVOCET_RETURN_IF_ERROR(Step("snapshot", epoch->number));
  }
  return Status::Ok();
}

Status Committer::WriteFiles(Epoch* epoch) {
  const StageClock::Timer timer(options_.clock, Stage::kFiles);
  std::array<Status, kNumTables> statuses;
  pool_.ParallelFor(kNumTables, [&](size_t id) {
    if (epoch->skip[id] || epoch->rows[id]->rows() == 0 || !adds_[id].empty()) return;
    WriteOptions options = options_.tables->Options(id);
    if (id == kBronze) options.partition_values["date"] = FormatDate(epoch->received_us);
    if (id == kSilver) {
      // The commit that adds them follows that of bronze.
      for (const TableColumn& column : epoch->new_silver_columns) {
        options.new_columns.push_back(column.name);
      }
    }
    auto add = options_.tables->table(id).WriteParquet(epoch->rows[id], options);
    if (add.ok()) {
      adds_[id] = std::move(add).value();
    } else {
      statuses[id] = add.status();
    }
  });
  for (Status& status : statuses) AVOCET_RETURN_IF_ERROR(std::move(status));
  return Status::Ok();
}

Status Committer::CommitBronze(const Epoch& epoch) {
  CommitInfo info = last();
  info.epoch = epoch.number;
  info.next_sequence = epoch.first_sequence + epoch.Rows();
  info.received_us = epoch.received_us;
  info.all_positions = epoch.all_positions;
  info.positions = epoch.positions;
  info.quarantine_add = adds_[kQuarantine];
  info.rewrites = epoch.rewrites;
  info.rewrites[kBronze].reset();
  info.totals = epoch.totals;
  info.last_rows_before = info.last_rows;
  for (size_t id = 0; id < kNumTables; ++id) {
    if (epoch.rows[id]->rows() > 0 || epoch.rewrites[id]) info.last_rows[id] = epoch.number;
  }
  CommitRequest request{.app_id = std::string(kAppId),
                        .txn_version = epoch.number,
                        .operation = epoch.operation,
                        .info_json = EncodeCommitInfo(info)};
  if (epoch.rewrites[kBronze]) {
    request.adds = epoch.rewrites[kBronze]->adds;
    request.removes = epoch.rewrites[kBronze]->removes;
  }
  if (!adds_[kBronze].empty()) request.adds.push_back(adds_[kBronze]);
  auto version = options_.tables->table(kBronze).Commit(request);
  if (version.status().code() == StatusCode::kConflict) {
    return version.status().WithContext("another process writes to this lake as well");
  }
  if (!version.ok()) return version.status();
  done_.tables[kBronze].version = *version;
  ++commits_;
  std::lock_guard lock(mutex_);
  last_ = std::move(info);
  for (const auto& [key, value] : epoch.positions) committed_[key] = value;
  return Status::Ok();
}

Status Committer::CommitTable(size_t id, const Epoch& epoch) {
  const TableRewrite nothing;
  AVOCET_ASSIGN_OR_RETURN(
      done_.tables[id].version,
      CommitRewrite(&options_.tables->table(id), epoch.rewrites[id].value_or(nothing), adds_[id],
                    epoch.number, epoch.operation));
  ++commits_;
  return Status::Ok();
}

Status Committer::AddSilverColumns(const Epoch& epoch) {
  return AddMissingColumns(&options_.tables->table(kSilver), epoch.new_silver_columns);
}

// Compaction may replace the files in between; then they are listed again.
Status Committer::CommitHours(size_t id, const Epoch& epoch) {
  Table& table = options_.tables->table(id);
  for (int attempt = 1;; ++attempt) {
    Status status = TryCommitHours(id, epoch);
    if (status.code() != StatusCode::kConflict || attempt == kMaxConflicts) return status;
    AVOCET_RETURN_IF_ERROR(table.Refresh());
    AVOCET_ASSIGN_OR_RETURN(const int64_t done, table.TxnVersion(std::string(kAppId)));
    if (done >= epoch.number) return status;
  }
}

// Appends the epoch's rows; rows that they amend go in the same commit.
Status Committer::TryCommitHours(size_t id, const Epoch& epoch) {
  Table& table = options_.tables->table(id);
  const auto& amended = id == kDeviceStats ? epoch.amended_stats : epoch.amended_health;
  CommitRequest request{.adds = {adds_[id]},
                        .app_id = std::string(kAppId),
                        .txn_version = epoch.number,
                        .operation = "STREAMING UPDATE"};
  if (amended != nullptr && amended->rows() > 0) {
    const std::vector<int64_t>& hours = amended->column(amended->num_columns() - 1).ints();
    const std::string oldest = FormatTimestamp(*std::min_element(hours.begin(), hours.end()));
    AVOCET_ASSIGN_OR_RETURN(const auto files, table.Files());
    for (const TableFile& file : files) {
      const auto newest = file.max_texts.find("hour");
      if (newest != file.max_texts.end() && newest->second.substr(0, 19) < oldest.substr(0, 19)) {
        continue;
      }
      request.removes.push_back(file.path);
    }
    if (!request.removes.empty()) {
      auto rest = table.Rewrite(request.removes, amended, options_.tables->Options(id),
                                options_.config->storage.target_file_bytes);
      if (!rest.ok()) return rest.status();
      KillPoint(std::string(TableName(id)) + "_rewritten");
      for (std::string& add : rest->adds) request.adds.push_back(std::move(add));
      request.operation = "MERGE";
    }
  }
  AVOCET_ASSIGN_OR_RETURN(done_.tables[id].version, table.Commit(request));
  ++commits_;
  return Status::Ok();
}

}  // namespace avocet
