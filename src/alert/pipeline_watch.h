// PipelineWatch: alerts about avocet itself, which has no readings to tell of its trouble.
//
// They follow the clock on the wall, so they are no function of bronze and in no table: they go to
// the channels alone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/alert/alert_episode.h"
#include "src/config/alert_config.h"

namespace avocet {

/// The rule that these alerts name.
inline constexpr std::string_view kPipelineRule = "pipeline";

/// How the pipeline stands.
struct PipelineState {
  struct Source {
    std::string name;
    bool ready = true;
    std::string problem;
    int64_t lag_ms = 0;
  };
  std::vector<Source> sources;
  std::string problem;    ///< of the tables; empty: none
  uint64_t received = 0;  ///< so far, as the next
  uint64_t quarantined = 0;
  std::optional<uint64_t> free_bytes;
};

/// One thread at a time.
class PipelineWatch {
 public:
  explicit PipelineWatch(const PipelineAlertConfig& config);

  /// Called often, at least once in ten seconds. Appends what has changed.
  void Observe(const PipelineState& state, int64_t now_us, std::vector<AlertChange>* out);

 private:
  /// What is watched about one thing. `finding` is used when it fires or holds.
  struct Trouble {
    std::string what;  ///< "source http", also the metric of the alert
    bool fires = false;
    bool holds = false;
    AlertFinding finding;
  };
  void Tell(Trouble trouble, int64_t now_us, std::vector<AlertChange>* out);
  Trouble RejectedRecords(const PipelineState& state, int64_t now_us);

  /// Counters as they were.
  struct Count {
    int64_t time_us = 0;
    uint64_t received = 0, quarantined = 0;
  };

  const PipelineAlertConfig config_;
  AlertRuleConfig rule_;
  std::map<std::string, AlertEpisode> episodes_;  // by what they are about
  std::deque<Count> counts_;                      // of the last minutes, oldest first
};

/// The end of an alert that a run before has left open.
AlertChange EndOfLeftOver(const AlertChange& last, int64_t now_us);

}  // namespace avocet
