#include "src/engine/gate_keeper.h"

#include <spdlog/spdlog.h>

#include "src/engine/owned_lake.h"

namespace avocet {
namespace {
constexpr std::chrono::seconds kLookEvery{1};
}  // namespace

Result<std::vector<AlertGate>> ReadGates(const Config& config, Env* env) {
  const std::string path = OutboxPath(config);
  if (!env->Stat(path).ok()) return std::vector<AlertGate>();
  AVOCET_ASSIGN_OR_RETURN(const auto log, GateLog::Open(path));
  return log->All();
}

GateKeeper::GateKeeper(const Config& config, Env* env) : path_(OutboxPath(config)), env_(env) {}

void GateKeeper::Look(Processor* processor) {
  const std::chrono::nanoseconds now = env_->Monotonic();
  if (now - looked_ < kLookEvery) return;
  looked_ = now;
  const Status status = TakeOver(processor);
  if (!status.ok() && status.message() != problem_) {
    spdlog::warn("cannot look for moved gates of alerts, trying again: {}", status.message());
  }
  problem_ = status.message();
}

Status GateKeeper::TakeOver(Processor* processor) {
  if (log_ == nullptr) {
    if (!env_->Stat(path_).ok()) return Status::Ok();
    AVOCET_ASSIGN_OR_RETURN(log_, GateLog::Open(path_));
  }
  const int64_t fleet_us = processor->fleet_time_us();
  AVOCET_ASSIGN_OR_RETURN(const bool changed,
                          log_->TakeOver(fleet_us == kNoTime ? kNoTime : fleet_us + 1));
  if (!changed) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(const std::vector<AlertGate> gates, log_->All());
  processor->set_alert_gates(AlertGates(gates));
  spdlog::info("gates of alerts have moved, fleet_time_us={}", fleet_us);
  return Status::Ok();
}

}  // namespace avocet
