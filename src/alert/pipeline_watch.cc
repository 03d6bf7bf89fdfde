#include "src/alert/pipeline_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/spoken_time.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

// Trouble that has a size ends when it is half as big.
constexpr double kClearAt = 0.5;
// A disk is well again when it has so much more room than it must have.
constexpr double kRoomAgain = 1.25;
// The share of rejected records is that of so much time, and of not too few records.
constexpr int64_t kShareWindowUs = int64_t{300} * 1'000'000;
constexpr uint64_t kFewestRecords = 20;

AlertFinding FindingOf(AlertSeverity severity, double value, double limit, std::string reason) {
  AlertFinding finding;
  finding.severity = severity;
  finding.value = value;
  finding.upper = limit;
  finding.score = limit > 0 ? value / limit : 1;
  finding.reason = std::move(reason);
  return finding;
}

}  // namespace

PipelineWatch::PipelineWatch(const PipelineAlertConfig& config) : config_(config) {
  rule_.name = kPipelineRule;
  rule_.duration = config.duration;
  rule_.hold_off = config.hold_off;
}

void PipelineWatch::Observe(const PipelineState& state, int64_t now_us,
                            std::vector<AlertChange>* out) {
  for (const PipelineState::Source& source : state.sources) {
    Trouble down{
        .what = "source " + source.name, .fires = !source.ready, .holds = false, .finding = {}};
    down.finding.severity = AlertSeverity::kCritical;
    down.finding.score = 1;
    down.finding.reason = fmt::format("source {} does not work{}{}", source.name,
                                      source.problem.empty() ? "" : ": ", source.problem);
    Tell(std::move(down), now_us, out);
    const double lag_us = static_cast<double>(source.lag_ms) * 1e3;
    const auto limit_us = static_cast<double>(config_.lag.count());
    Tell({.what = "lag of " + source.name,
          .fires = lag_us >= limit_us,
          .holds = lag_us >= limit_us * kClearAt,
          .finding = FindingOf(AlertSeverity::kWarning, lag_us / 1e6, limit_us / 1e6,
                               fmt::format("source {} is {} behind its broker", source.name,
                                           SpokenDuration(source.lag_ms * 1'000)))},
         now_us, out);
  }
  Trouble tables{.what = "tables", .fires = !state.problem.empty(), .holds = false, .finding = {}};
  tables.finding.severity = AlertSeverity::kCritical;
  tables.finding.score = 1;
  tables.finding.reason = "the tables cannot be written, nothing is taken in: " + state.problem;
  Tell(std::move(tables), now_us, out);
  Tell(RejectedRecords(state, now_us), now_us, out);
  if (!state.free_bytes) return;
  const auto free = static_cast<double>(*state.free_bytes);
  const auto wanted = static_cast<double>(config_.free_space_bytes);
  Trouble disk{
      .what = "disk", .fires = free < wanted, .holds = free < wanted * kRoomAgain, .finding = {}};
  disk.finding.severity = AlertSeverity::kCritical;
  disk.finding.value = free;
  disk.finding.lower = wanted;
  disk.finding.score = wanted / std::max(free, 1.0);
  disk.finding.reason =
      fmt::format("the disk has {:.3g} GB left, less than {:.3g} GB", free * 1e-9, wanted * 1e-9);
  Tell(std::move(disk), now_us, out);
}

PipelineWatch::Trouble PipelineWatch::RejectedRecords(const PipelineState& state, int64_t now_us) {
  if (!counts_.empty() && now_us < counts_.back().time_us) counts_.clear();  // The clock was set.
  counts_.push_back({now_us, state.received, state.quarantined});
  while (counts_.size() > 2 && now_us - counts_[1].time_us >= kShareWindowUs) counts_.pop_front();
  const uint64_t received = state.received - counts_.front().received;
  const uint64_t rejected = state.quarantined - counts_.front().quarantined;
  const double share =
      received < kFewestRecords ? 0 : static_cast<double>(rejected) / static_cast<double>(received);
  return {.what = "rejected records",
          .fires = rejected > 0 && share >= config_.rejected_share,
          .holds = rejected > 0 && share >= config_.rejected_share * kClearAt,
          .finding = FindingOf(AlertSeverity::kWarning, share, config_.rejected_share,
                               fmt::format("{} of the last {} records went to quarantine, {:.0f} %",
                                           rejected, received, share * 100))};
}

void PipelineWatch::Tell(Trouble trouble, int64_t now_us, std::vector<AlertChange>* out) {
  const size_t first = out->size();
  AlertEpisode& episode = episodes_[trouble.what];
  episode.Observe(rule_, {.device = {}, .metric = trouble.what, .label = trouble.what},
                  {.time_us = now_us,
                   .fires = trouble.fires,
                   .holds = trouble.holds,
                   .finding = std::move(trouble.finding)},
                  out);
  for (size_t i = first; i < out->size(); ++i) {
    AlertChange& change = (*out)[i];
    if (change.state != AlertState::kCleared) continue;
    change.reason = fmt::format("it has been well for {}",
                                FormatDuration(std::max<int64_t>(config_.hold_off.count(), 0)));
  }
}

AlertChange EndOfLeftOver(const AlertChange& last, int64_t now_us) {
  AlertChange end = last;
  ++end.number;
  end.state = AlertState::kCleared;
  end.event_time_us = now_us;
  end.reason = "avocet has started again; if it is still so, it is told anew";
  return end;
}

}  // namespace avocet
