#include "src/engine/acknowledgement_keeper.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>
#include <vector>

#include "src/engine/epoch.h"
#include "src/engine/owned_lake.h"
#include "src/env/kill_point.h"

namespace avocet {
namespace {
constexpr std::chrono::seconds kLookEvery{1};
}  // namespace

AcknowledgementKeeper::AcknowledgementKeeper(const Config& config, Env* env, LakeTables* tables)
    : path_(OutboxPath(config)), env_(env), tables_(tables), thread_([this] { Loop(); }) {}

AcknowledgementKeeper::~AcknowledgementKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  Look();
}

void AcknowledgementKeeper::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    Look();
    lock.lock();
    changed_.wait_for(lock, kLookEvery, [&] { return stopping_; });
  }
}

void AcknowledgementKeeper::Look() {
  const Status status = Write();
  if (!status.ok()) {
    written_.reset();
    if (status.message() != problem_) {
      spdlog::warn("cannot write acknowledgements of alerts, trying again: {}", status.message());
    }
  }
  problem_ = status.message();
}

Status AcknowledgementKeeper::Write() {
  if (log_ == nullptr) {
    if (!env_->Stat(path_).ok()) return Status::Ok();
    AVOCET_ASSIGN_OR_RETURN(log_, OperatorLog::Open(path_));
  }
  Table& table = tables_->table(kAlerts);
  const std::string app(kPeopleAppId);
  if (!written_) {
    AVOCET_RETURN_IF_ERROR(table.Refresh());
    AVOCET_ASSIGN_OR_RETURN(written_, table.TxnVersion(app));
  }
  AVOCET_ASSIGN_OR_RETURN(const std::vector<Acknowledgement> found,
                          log_->AcknowledgementsAfter(*written_));
  if (found.empty()) return Status::Ok();
  auto rows = std::make_shared<ColumnBatch>(tables_->spec(kAlerts).MakeBatch());
  for (const Acknowledgement& acknowledged : found) {
    AppendAcknowledgement(acknowledged, rows.get());
  }
  AVOCET_ASSIGN_OR_RETURN(const std::string add,
                          table.WriteParquet(std::move(rows), tables_->Options(kAlerts)));
  KillPoint("acknowledgement_file");
  const auto version = table.Commit({.adds = {add},
                                     .app_id = app,
                                     .txn_version = found.back().entry,
                                     .operation = "ACKNOWLEDGE"});
  if (!version.ok()) return version.status();
  KillPoint("acknowledgement");
  written_ = found.back().entry;
  return Status::Ok();
}

}  // namespace avocet
