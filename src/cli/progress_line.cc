#include "src/cli/progress_line.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "src/cli/tell.h"
#include "src/env/env.h"
#include "src/env/signals.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSignalEvery{50};
constexpr milliseconds kLineEvery{500};
constexpr milliseconds kLogEvery{10'000};

std::string Text(const Progress& p, double rate) {
  const double age = p.last_commit_us == 0
                         ? 0
                         : static_cast<double>(Env::Posix()->NowMicros() - p.last_commit_us) * 1e-6;
  std::string text = fmt::format(
      "{:>9}/s  {} records  {} devices  {} anomalies  {} quarantined  lag {}  {} commits",
      WithThousands(static_cast<uint64_t>(rate)), WithThousands(p.totals.received),
      WithThousands(p.devices), WithThousands(p.totals.anomalies),
      WithThousands(p.totals.quarantined), HumanBytes(p.lag_bytes), WithThousands(p.commits));
  if (p.last_commit_us != 0) text += fmt::format(", last {:.0f} s ago", age);
  if (!p.problem.empty()) text += "  PROBLEM: " + p.problem;
  return text;
}

}  // namespace

ProgressLine::ProgressLine(Engine* engine, ReloadDesk* desk, bool quiet)
    : engine_(engine),
      desk_(desk),
      service_(engine),
      quiet_(quiet),
      terminal_(StandardErrorIsTerminal()) {
  thread_ = std::thread([this] { Loop(); });
}

ProgressLine::~ProgressLine() {
  done_ = true;
  thread_.join();
  if (terminal_ && !quiet_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::Loop() {
  const milliseconds every = terminal_ ? kLineEvery : kLogEvery;
  auto shown_at = Env::Posix()->Monotonic();
  uint64_t shown_received = engine_->progress().totals.received;
  bool stop_sent = false;
  service_.Ready();
  while (!done_) {
    Env::Posix()->SleepFor(kSignalEvery);
    if (!stop_sent && WantsStop()) {
      stop_sent = true;
      engine_->Stop();
    }
    service_.Update();
    const auto now = Env::Posix()->Monotonic();
    if (quiet_ || now - shown_at < every) continue;
    const Progress progress = engine_->progress();
    const double seconds = std::chrono::duration<double>(now - shown_at).count();
    Show(progress, static_cast<double>(progress.totals.received - shown_received) / seconds);
    shown_at = now;
    shown_received = progress.totals.received;
  }
}

bool ProgressLine::WantsStop() {
  bool stops = TerminationRequested();
  if (desk_ != nullptr && TakeHangup()) {
    // Without its terminal a program ends, as ever.
    stops = stops || (terminal_ && !StandardErrorIsTerminal());
    if (!stops) static_cast<void>(desk_->Request(engine_->progress().fleet_time_us));
  }
  if (stops) {
    service_.Stopping();
  } else if (desk_ != nullptr && desk_->HasNext()) {
    stops = true;
    service_.Reloading();
  }
  return stops;
}

void ProgressLine::Show(const Progress& progress, double readings_per_second) {
  const std::string text = Text(progress, readings_per_second);
  if (terminal_) {
    Tell("\r\033[K{}", text);
    std::fflush(stderr);
  } else {
    spdlog::info("{}", text);
  }
}

}  // namespace avocet
