#include "src/engine/gate_proposal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "src/alert/operator_log.h"

namespace avocet {
namespace {

// So much above the strongest false positive.
constexpr double kMargin = 1.05;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

bool IsOfSeries(const AlertChange& change, const GateProposal& proposal) {
  return change.device == proposal.device && change.metric == proposal.metric;
}

/// Three digits, rounded up.
double RoundedUp(double score) {
  if (!(score > 0) || !std::isfinite(score)) return score;
  const double step = std::pow(10, std::floor(std::log10(score)) - 2);
  return std::ceil(score / step - 1e-9) * step;
}

double PresentGate(const GateProposal& proposal, const std::vector<AlertRuleConfig>& rules,
                   const std::vector<AlertGate>& gates) {
  double present = kInfinite;
  for (const AlertRuleConfig& rule : rules) {
    if (rule.type == AlertRuleType::kAnomaly) present = std::min(present, rule.fire_score);
  }
  if (present == kInfinite) present = 1;
  for (const AlertGate& gate : gates) {
    const bool holds = !gate.is_reverted && gate.device == proposal.device;
    if (holds && gate.metric == proposal.metric) present = std::max(present, gate.min_score);
  }
  return present;
}

std::vector<AlertChange> FirstFirings(const std::vector<AlertChange>& changes,
                                      const GateProposal& proposal) {
  std::vector<AlertChange> firings;
  std::set<std::string> known;
  for (const AlertChange& change : changes) {
    if (!Fires(change.state) || !IsOfSeries(change, proposal)) continue;
    if (known.insert(change.id).second) firings.push_back(change);
  }
  return firings;
}

}  // namespace

Result<GateProposal> ProposeGate(const AlertChange& alert, const std::vector<JudgedAlert>& alerts,
                                 const std::vector<AlertRuleConfig>& rules,
                                 const std::vector<AlertGate>& gates) {
  if (alert.device.empty()) {
    return Status::Usage("an alert about the whole fleet has no gate of a device to move");
  }
  if (alert.strongest.anomaly_id.empty()) {
    return Status::Usage(
        "an alert about the number of anomalies has no gate of a metric to move; its rule has "
        "spike.min_count and spike.sigma");
  }
  GateProposal proposal{.device = alert.device, .metric = alert.metric};
  proposal.present = PresentGate(proposal, rules, gates);
  double strongest_false = alert.strongest.score;
  for (const JudgedAlert& judged : alerts) {
    if (!IsOfSeries(*judged.last, proposal) || judged.label != kFalsePositive) continue;
    strongest_false = std::max(strongest_false, judged.last->strongest.score);
  }
  double weakest_true = kInfinite;  // above the false ones
  for (const JudgedAlert& judged : alerts) {
    if (!IsOfSeries(*judged.last, proposal) || judged.label != kTruePositive) continue;
    if (judged.last->id == alert.id) continue;
    const double score = judged.last->strongest.score;
    if (score <= strongest_false) {
      ++proposal.hidden_true;
    } else {
      weakest_true = std::min(weakest_true, score);
    }
  }
  proposal.min_score = RoundedUp(strongest_false * kMargin);
  if (proposal.min_score >= weakest_true) proposal.min_score = (strongest_false + weakest_true) / 2;
  return proposal;
}

GateEffect TryGate(const AlertTrial& trial, const std::vector<AlertRuleConfig>& rules,
                   const std::vector<AlertGate>& gates, const GateProposal& proposal) {
  // As if each gate had held all the time: what is asked is what the present settings make of it.
  std::vector<AlertGate> standing;
  for (const AlertGate& gate : gates) {
    if (gate.is_reverted) continue;
    standing.push_back(gate);
    standing.back().from_us = INT64_MIN;
    standing.back().until_us.reset();
  }
  GateEffect effect{.from_us = trial.from_us()};
  effect.before = FirstFirings(trial.Run(rules, AlertGates(standing)), proposal);
  standing.push_back({.device = proposal.device,
                      .metric = proposal.metric,
                      .min_score = proposal.min_score,
                      .from_us = INT64_MIN});
  effect.after = FirstFirings(trial.Run(rules, AlertGates(standing)), proposal);
  return effect;
}

}  // namespace avocet
