// BacktestSummary: what a backtest found, counted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/alert/message_forecast.h"
#include "src/cli/fault_score.h"
#include "src/config/config.h"
#include "src/engine/backtest.h"

namespace avocet {

/// Alerts of one rule, or of all.
struct AlertTally {
  int64_t fired = 0;
  int64_t cleared = 0;      ///< of those that fired
  int64_t flapping = 0;     ///< that came and went too often to be told each time
  int64_t never_fired = 0;  ///< that did not last
  int64_t silenced = 0;     ///< firings that a mute keeps from being told
  int64_t open = 0;         ///< that fire at the end
};

/// One alert that fired.
struct FiredAlert {
  AlertChange first;               ///< the change with which it fired
  std::optional<int64_t> over_us;  ///< when it cleared
  std::string label;               ///< what people said it was; may be empty
};

struct BacktestSummary {
  std::string config_file;
  BacktestResult result;
  AlertTally all;
  std::map<std::string, AlertTally> rules;
  std::vector<ChannelForecast> channels;
  std::vector<FiredAlert> fired;  ///< in the order of firing
  std::map<std::string, int64_t> fires_per_device;
  std::optional<FaultScore> score;  ///< against the truth file
  int64_t false_positives = 0;      ///< labelled so, as the next
  int64_t true_positives = 0;
};

/// What the results are compared with.
struct BacktestJudge {
  std::vector<Mute> mutes;
  std::map<std::string, std::string> labels;  ///< by alert id
  std::optional<std::vector<TruthWindow>> truth;
  std::map<std::string, ObservedSpan> devices;  ///< when they were watched
  ScoreRules rules;
};

BacktestSummary Summarize(const Config& config, BacktestResult result, const BacktestJudge& judge);

}  // namespace avocet
