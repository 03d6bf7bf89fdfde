#include "src/engine/decision_keeper.h"

#include <spdlog/spdlog.h>

#include "src/engine/owned_lake.h"

namespace avocet {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

Result<Decisions> ReadAll(GateLog* gates, ResetLog* resets) {
  Decisions decisions;
  AVOCET_ASSIGN_OR_RETURN(decisions.gates, gates->All());
  AVOCET_ASSIGN_OR_RETURN(decisions.resets, resets->All());
  return decisions;
}

}  // namespace

Result<Decisions> ReadDecisions(const Config& config, Env* env) {
  const std::string path = OutboxPath(config);
  if (!env->Stat(path).ok()) return Decisions();
  AVOCET_ASSIGN_OR_RETURN(const auto gates, GateLog::Open(path));
  AVOCET_ASSIGN_OR_RETURN(const auto resets, ResetLog::Open(path));
  return ReadAll(gates.get(), resets.get());
}

DecisionKeeper::DecisionKeeper(const Config& config, Env* env)
    : path_(OutboxPath(config)), env_(env) {}

void DecisionKeeper::Look(Processor* processor) {
  const std::chrono::nanoseconds now = env_->Monotonic();
  if (now - looked_ < kLookEvery) return;
  looked_ = now;
  const Status status = TakeOver(processor);
  if (!status.ok() && status.message() != problem_) {
    spdlog::warn("cannot look for what people have decided, trying again: {}", status.message());
  }
  problem_ = status.message();
}

Status DecisionKeeper::TakeOver(Processor* processor) {
  if (resets_ == nullptr) {
    if (!env_->Stat(path_).ok()) return Status::Ok();
    AVOCET_ASSIGN_OR_RETURN(gates_, GateLog::Open(path_));
    AVOCET_ASSIGN_OR_RETURN(resets_, ResetLog::Open(path_));
  }
  const int64_t fleet_us = processor->fleet_time_us();
  const int64_t from_us = fleet_us == kNoTime ? kNoTime : fleet_us + 1;
  AVOCET_ASSIGN_OR_RETURN(const bool moved, gates_->TakeOver(from_us));
  AVOCET_ASSIGN_OR_RETURN(const bool reset, resets_->TakeOver(from_us));
  if (!moved && !reset) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(const Decisions decisions, ReadAll(gates_.get(), resets_.get()));
  processor->set_decisions(decisions);
  if (moved) spdlog::info("gates of alerts have moved, fleet_time_us={}", fleet_us);
  if (reset) spdlog::info("muted series are spoken of again, fleet_time_us={}", fleet_us);
  return Status::Ok();
}

}  // namespace avocet
