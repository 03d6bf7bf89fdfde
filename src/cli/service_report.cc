#include "src/cli/service_report.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "src/cli/human_number.h"
#include "src/env/env.h"

namespace avocet {
namespace {

constexpr std::chrono::seconds kStatusEvery{5};

// One line: a second one would be another assignment.
std::string StatusText(const Progress& p) {
  if (!p.problem.empty()) {
    std::string text = "PROBLEM: " + p.problem;
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }
  return fmt::format("{} records, {} devices, {} anomalies, {} quarantined, {} commits",
                     WithThousands(p.totals.received), WithThousands(p.devices),
                     WithThousands(p.totals.anomalies), WithThousands(p.totals.quarantined),
                     WithThousands(p.commits));
}

}  // namespace

ServiceReport::ServiceReport(const Engine* engine)
    : engine_(engine), supervisor_(Supervisor::FromEnvironment()) {}

void ServiceReport::Ready() {
  told_at_ = Env::Posix()->Monotonic();
  signs_ = SignsOfLife(supervisor_.watchdog_timeout(), told_at_);
  std::string state = "READY=1\nSTATUS=" + StatusText(engine_->progress());
  const auto timeout = supervisor_.watchdog_timeout();
  if (timeout.count() > 0) state += fmt::format("\nWATCHDOG_USEC={}", timeout.count());
  Tell(state);
}

void ServiceReport::Update() {
  if (!supervisor_.is_there()) return;
  const auto now = Env::Posix()->Monotonic();
  FeedWatchdog(now);
  if (now - told_at_ < kStatusEvery) return;
  told_at_ = now;
  Tell("STATUS=" + StatusText(engine_->progress()));
}

void ServiceReport::Stopping() { Tell("STOPPING=1\nSTATUS=Making the last commit"); }

void ServiceReport::Reloading() {
  const int64_t now_us = Env::Posix()->Monotonic().count() / 1000;
  std::string state =
      fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Taking over the configuration", now_us);
  if (supervisor_.watchdog_timeout().count() > 0) {
    state += fmt::format("\nWATCHDOG_USEC={}", INT64_MAX);
  }
  Tell(state);
}

void ServiceReport::FeedWatchdog(std::chrono::nanoseconds now) {
  if (signs_.IsDue(now, engine_->heartbeat())) {
    warned_still_ = false;
    Tell("WATCHDOG=1");
  } else if (signs_.IsMissing(now) && !warned_still_) {
    warned_still_ = true;
    spdlog::error("the engine does not move; the service manager is about to end this process");
  }
}

void ServiceReport::Tell(const std::string& state) {
  const Status status = supervisor_.Notify(state);
  if (status.ok() || warned_unheard_) return;
  warned_unheard_ = true;
  spdlog::warn("{}", status.message());
}

}  // namespace avocet
