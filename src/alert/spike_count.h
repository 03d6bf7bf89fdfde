// SpikeCount: anomalies over a sliding window of event time, and how many are usual.
//
// The window moves in sixths. Each time it moves, its count is learned: mean and variance that
// forget over `history`. A spike is learned no higher than the threshold it broke, so that it does
// not become usual at once. The outcome depends only on the times, never on how often Advance is
// called.
#pragma once

#include <array>
#include <cstdint>

#include "src/config/alert_config.h"
#include "src/state/state_io.h"

namespace avocet {

class SpikeCount {
 public:
  /// False before the first Advance.
  bool HasBegun() const { return step_ != INT64_MIN; }
  /// The first time at which the window moves after the present one.
  int64_t NextStep(const AlertRuleConfig& rule) const;
  /// Time passes. Times that go back are ignored.
  void Advance(const AlertRuleConfig& rule, int64_t time_us);
  /// One anomaly, in the window as it stands.
  void Add() { ++counts_.back(); }

  int64_t count() const;
  /// The usual count of a window.
  double Mean(const AlertRuleConfig& rule) const;
  /// A count that is unusual; infinite while the usual one is not known.
  double Threshold(const AlertRuleConfig& rule) const;

  void Save(StateWriter* out) const;
  Status Load(StateReader* in);

 private:
  static constexpr size_t kSteps = 6;  // in a window
  void Learn(const AlertRuleConfig& rule, double count);
  void LearnQuiet(const AlertRuleConfig& rule);

  int64_t step_ = INT64_MIN;  // index of the newest; INT64_MIN: not begun
  std::array<int64_t, kSteps> counts_{};
  int64_t quiet_steps_ = 0;  // moves with an empty window that are not learned yet
  double learned_ = 0;       // moves
  double mean_ = 0;
  double mean_square_ = 0;
};

}  // namespace avocet
