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

bool ReloadDesk::HasNext() const {
  const std::lock_guard lock(mutex_);
  return next_.has_value();
}

std::optional<Config> ReloadDesk::TakeNext() {
  const std::lock_guard lock(mutex_);
  return std::exchange(next_, std::nullopt);
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

ReloadDesk::Outcome ReloadDesk::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

}  // namespace avocet
