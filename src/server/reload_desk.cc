#include "src/server/reload_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "src/config/key_text.h"
#include "src/config/restart_keys.h"
#include "src/engine/fingerprint.h"

namespace avocet {
namespace {

bool ReadsStandardInput(const Config& config) {
  return std::any_of(config.sources.begin(), config.sources.end(), [](const SourceConfig& source) {
    return std::holds_alternative<StdinSourceConfig>(source.options);
  });
}

}  // namespace

Result<ReloadDesk::Plan> ReloadDesk::Request(int64_t fleet_time_us) {
  const std::lock_guard lock(mutex_);
  auto plan = RequestLocked(fleet_time_us);
  if (plan.ok()) return plan;
  outcome_.is_success = false;
  spdlog::error("the configuration is not taken over, the last one stays: {}",
                plan.status().message());
  return plan;
}

Result<ReloadDesk::Plan> ReloadDesk::RequestLocked(int64_t fleet_time_us) {
  if (ReadsStandardInput(running_)) {
    return Status::Config("standard input can be read only once: restart avocet instead");
  }
  AVOCET_ASSIGN_OR_RETURN(Config wanted, read_());
  const std::vector<std::string> fixed = KeysThatNeedRestart(running_, wanted);
  if (!fixed.empty()) {
    return Status::Config("what is new of " + Join(fixed) + " needs a restart of avocet");
  }
  const Plan plan{.keeps_state = StateFingerprint(running_, fleet_time_us) ==
                                 StateFingerprint(wanted, fleet_time_us)};
  spdlog::info("taking over the configuration {}; the state {}", wanted.file,
               plan.keeps_state ? "is kept" : "is computed again from bronze");
  next_ = std::move(wanted);
  return plan;
}

Status ReloadDesk::RequestRetry(std::string code) {
  const std::lock_guard lock(mutex_);
  if (ReadsStandardInput(running_)) {
    return Status::Usage(
        "standard input can be read only once: end avocet and use avocet quarantine retry");
  }
  if (retry_) return Status::Conflict("quarantine is tried again already");
  retry_ = std::move(code);
  return Status::Ok();
}

bool ReloadDesk::HasNext() const {
  const std::lock_guard lock(mutex_);
  return next_.has_value() || retry_.has_value();
}

std::optional<Config> ReloadDesk::TakeNext() {
  const std::lock_guard lock(mutex_);
  return std::exchange(next_, std::nullopt);
}

std::optional<std::string> ReloadDesk::TakeRetry() {
  const std::lock_guard lock(mutex_);
  return std::exchange(retry_, std::nullopt);
}

void ReloadDesk::TookOver(const Config& config) {
  const std::lock_guard lock(mutex_);
  running_ = config;
  outcome_ = {.is_success = true, .success_us = env_->NowMicros()};
}

void ReloadDesk::Failed(const Status& status) {
  spdlog::error("the new configuration does not work, the last one goes on: {}", status.message());
  const std::lock_guard lock(mutex_);
  outcome_.is_success = false;
}

void ReloadDesk::Retried(std::string code, const Result<RetryReport>& result) {
  Retry retry{.code = std::move(code), .at_us = env_->NowMicros(), .report = {}, .problem = {}};
  if (result.ok()) {
    retry.report = *result;
    spdlog::info("{} of {} records left quarantine", retry.report.good, retry.report.tried);
  } else {
    retry.problem = result.status().message();
    spdlog::error("cannot try quarantine again: {}", retry.problem);
  }
  const std::lock_guard lock(mutex_);
  last_retry_ = std::move(retry);
}

ReloadDesk::Outcome ReloadDesk::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

bool ReloadDesk::HasRetry() const {
  const std::lock_guard lock(mutex_);
  return retry_.has_value();
}

std::optional<ReloadDesk::Retry> ReloadDesk::last_retry() const {
  const std::lock_guard lock(mutex_);
  return last_retry_;
}

}  // namespace avocet
