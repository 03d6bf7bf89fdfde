// GateProposal: where the gate of a series should be, given what people said of its alerts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/alert/alert_gates.h"
#include "src/base/civil_time.h"
#include "src/config/alert_config.h"
#include "src/engine/alert_trial.h"

namespace avocet {

/// An alert of the series, and what it was; an empty label: nobody said.
struct JudgedAlert {
  const AlertChange* last = nullptr;
  std::string label;
};

struct GateProposal {
  std::string device;
  std::string metric;  ///< empty: the device as a whole
  double present = 0;  ///< the score from which anomalies count now: of the rules, or of a gate
  double min_score = 0;
  /// Alerts labelled true positives that it would hide, too; their scores are no higher than those
  /// of the false ones.
  int64_t hidden_true = 0;
};

/// A score just above the strongest anomaly of the false positives among `alerts`, and below those
/// of the true ones where that is possible. `alert`, of the series, counts as a false positive.
/// kUsage for an alert about no device: fleets have no gate.
Result<GateProposal> ProposeGate(const AlertChange& alert, const std::vector<JudgedAlert>& alerts,
                                 const std::vector<AlertRuleConfig>& rules,
                                 const std::vector<AlertGate>& gates);

/// How far back people are shown what a gate would have changed.
inline constexpr int64_t kGateTrialUs = 7 * kMicrosPerDay;

/// What a proposal changes of the series' stored past.
struct GateEffect {
  int64_t from_us = 0;
  std::vector<AlertChange> before;  ///< the first firing of each alert
  std::vector<AlertChange> after;
};
GateEffect TryGate(const AlertTrial& trial, const std::vector<AlertRuleConfig>& rules,
                   const std::vector<AlertGate>& gates, const GateProposal& proposal);

}  // namespace avocet
