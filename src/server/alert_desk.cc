#include "src/server/alert_desk.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace avocet {

Result<std::unique_ptr<AlertDesk>> AlertDesk::Open(const std::string& path, Env* env,
                                                   AlertBoard* board,
                                                   const DevicesConfig* devices) {
  AVOCET_ASSIGN_OR_RETURN(auto outbox, Outbox::Open(path));
  AVOCET_ASSIGN_OR_RETURN(auto log, OperatorLog::Open(path));
  AVOCET_ASSIGN_OR_RETURN(auto gates, GateLog::Open(path));
  AVOCET_ASSIGN_OR_RETURN(auto resets, ResetLog::Open(path));
  std::unique_ptr<AlertDesk> desk(new AlertDesk(std::move(outbox), std::move(log), std::move(gates),
                                                std::move(resets), env, board, devices));
  AVOCET_RETURN_IF_ERROR(desk->Refresh());
  return desk;
}

Status AlertDesk::Refresh() {
  const std::lock_guard lock(mutex_);
  return RefreshLocked();
}

Status AlertDesk::RefreshLocked() {
  AVOCET_ASSIGN_OR_RETURN(const std::vector<OperatorEntry> entries,
                          log_->EntriesAfter(last_entry_));
  board_->AddEntries(entries);
  if (!entries.empty()) last_entry_ = entries.back().id;
  AVOCET_ASSIGN_OR_RETURN(mutes_, log_->Mutes(env_->NowMicros()));
  return Status::Ok();
}

Status AlertDesk::Act(const std::vector<std::string>& alert_ids, OperatorAction action,
                      const std::string& actor, const std::string& text) {
  std::vector<AlertChange> seen;
  for (const std::string& id : alert_ids) {
    std::optional<BoardAlert> alert = board_->Get(id);
    if (!alert) return Status::NotFound("there is no alert " + id);
    seen.push_back(std::move(alert->last));
  }
  const std::lock_guard lock(mutex_);
  const int64_t now_us = env_->NowMicros();
  for (const AlertChange& change : seen) {
    AVOCET_RETURN_IF_ERROR(log_->Add(
        {.at_us = now_us, .actor = actor, .action = action, .alert_id = change.id, .text = text},
        change));
  }
  return RefreshLocked();
}

Result<int64_t> AlertDesk::AddMute(Mute mute) {
  const std::lock_guard lock(mutex_);
  AVOCET_ASSIGN_OR_RETURN(const int64_t id, log_->AddMute(mute));
  AVOCET_RETURN_IF_ERROR(RefreshLocked());
  return id;
}

Status AlertDesk::EndMute(int64_t id) {
  const std::lock_guard lock(mutex_);
  AVOCET_RETURN_IF_ERROR(log_->EndMute(id, env_->NowMicros()));
  return RefreshLocked();
}

std::vector<Mute> AlertDesk::Mutes() const {
  const std::lock_guard lock(mutex_);
  return mutes_;
}

Result<std::vector<Mute>> AlertDesk::MutesAfter(int64_t after_us) const {
  const std::lock_guard lock(mutex_);
  return log_->Mutes(after_us);
}

bool AlertDesk::IsMuted(const AlertChange& change) const {
  const std::lock_guard lock(mutex_);
  const int64_t now_us = env_->NowMicros();
  return std::any_of(mutes_.begin(), mutes_.end(),
                     [&](const Mute& mute) { return mute.Fits(change, *devices_, now_us); });
}

Result<std::vector<OutboxStanding>> AlertDesk::Standings() const { return outbox_->Standings(); }

Result<int64_t> AlertDesk::AddGate(const AlertGate& gate) {
  const std::lock_guard lock(mutex_);
  return gates_->Add(gate);
}

Status AlertDesk::RevertGate(int64_t id) {
  const std::lock_guard lock(mutex_);
  return gates_->Revert(id);
}

Result<std::vector<AlertGate>> AlertDesk::Gates() const {
  const std::lock_guard lock(mutex_);
  return gates_->All();
}

Result<int64_t> AlertDesk::AddReset(const SeriesReset& reset) {
  const std::lock_guard lock(mutex_);
  return resets_->Add(reset);
}

Result<std::vector<SeriesReset>> AlertDesk::Resets() const {
  const std::lock_guard lock(mutex_);
  return resets_->All();
}

}  // namespace avocet
