#include "src/cli/backtest_summary.h"

#include <algorithm>
#include <utility>

#include "src/alert/operator_log.h"

namespace avocet {
namespace {

bool IsMuted(const AlertChange& change, const DevicesConfig& devices,
             const std::vector<Mute>& mutes) {
  return std::any_of(mutes.begin(), mutes.end(), [&](const Mute& mute) {
    return mute.Fits(change, devices, change.event_time_us);
  });
}

/// Both the rule's tally and that of all.
class Tally {
 public:
  Tally(BacktestSummary* summary, const std::string& rule)
      : all_(&summary->all), rule_(&summary->rules[rule]) {}
  void Add(int64_t AlertTally::*count) {
    ++(all_->*count);
    ++(rule_->*count);
  }

 private:
  AlertTally* all_;
  AlertTally* rule_;
};

FaultScore ScoreOf(const BacktestSummary& summary, const BacktestJudge& judge) {
  std::vector<Alarm> alarms;
  for (const FiredAlert& alert : summary.fired) {
    alarms.push_back({.device = alert.first.device,
                      .metric = alert.first.metric,
                      .detector = alert.first.rule,
                      .time_us = alert.first.event_time_us});
  }
  return ScoreAlarms(std::move(alarms), *judge.truth, judge.devices, judge.rules);
}

}  // namespace

BacktestSummary Summarize(const Config& config, BacktestResult result, const BacktestJudge& judge) {
  BacktestSummary summary;
  summary.config_file = config.file;
  summary.result = std::move(result);
  for (const AlertRuleConfig& rule : config.alerts.rules) summary.rules[rule.name];
  std::map<std::string, size_t> places;     // of alerts that fired, by id
  std::map<std::string, bool> is_flapping;  // by id
  for (const AlertChange& change : summary.result.changes) {
    Tally tally(&summary, change.rule);
    const auto place = places.find(change.id);
    if (Fires(change.state)) {
      if (place == places.end()) {
        places.emplace(change.id, summary.fired.size());
        const auto label = judge.labels.find(change.id);
        summary.fired.push_back({.first = change,
                                 .over_us = {},
                                 .label = label == judge.labels.end() ? "" : label->second});
        ++summary.fires_per_device[change.device];
        tally.Add(&AlertTally::fired);
        if (IsMuted(change, config.devices, judge.mutes)) tally.Add(&AlertTally::silenced);
      }
      if (change.state == AlertState::kFlapping && !is_flapping[change.id]) {
        is_flapping[change.id] = true;
        tally.Add(&AlertTally::flapping);
      }
    } else if (change.state == AlertState::kCleared) {
      if (place == places.end()) {
        // Of what fired before the range only the end is here.
        if (!change.fired) tally.Add(&AlertTally::never_fired);
      } else {
        summary.fired[place->second].over_us = change.event_time_us;
        tally.Add(&AlertTally::cleared);
      }
    }
  }
  for (const FiredAlert& alert : summary.fired) {
    if (!alert.over_us) Tally(&summary, alert.first.rule).Add(&AlertTally::open);
    summary.false_positives += alert.label == kFalsePositive ? 1 : 0;
    summary.true_positives += alert.label == kTruePositive ? 1 : 0;
  }
  summary.channels =
      ForecastMessages(config.alerts, config.devices, summary.result.changes, judge.mutes);
  if (judge.truth) summary.score = ScoreOf(summary, judge);
  return summary;
}

}  // namespace avocet
