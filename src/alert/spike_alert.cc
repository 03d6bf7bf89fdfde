#include "src/alert/spike_alert.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "src/base/time_format.h"

namespace avocet {
namespace {
// A spike ends when there are half as many anomalies as make one, and is critical at twice as many.
constexpr double kClearAt = 0.5;
constexpr double kCriticalAt = 2;
}  // namespace

void SpikeAlert::OnAnomaly(const AlertRuleConfig& rule, const AlertEpisode::Subject& subject,
                           int64_t time_us, std::vector<AlertChange>* out) {
  if (!count_.HasBegun()) count_.Advance(rule, time_us);
  OnTime(rule, subject, time_us, out);
  count_.Add();
  Observe(rule, subject, time_us, out);
}

void SpikeAlert::OnTime(const AlertRuleConfig& rule, const AlertEpisode::Subject& subject,
                        int64_t time_us, std::vector<AlertChange>* out) {
  // History begins with the first anomaly: where the first tick ends must not matter.
  if (!count_.HasBegun()) return;
  while (IsActive() && count_.NextStep(rule) <= time_us) {
    const int64_t step_us = count_.NextStep(rule);
    count_.Advance(rule, step_us);
    Observe(rule, subject, step_us, out);
  }
  count_.Advance(rule, time_us);
}

void SpikeAlert::Observe(const AlertRuleConfig& rule, const AlertEpisode::Subject& subject,
                         int64_t time_us, std::vector<AlertChange>* out) {
  const auto count = static_cast<double>(count_.count());
  const double threshold = count_.Threshold(rule);
  AlertObservation observation{.time_us = time_us,
                               .fires = count >= threshold,
                               .holds = count >= threshold * kClearAt,
                               .finding = {}};
  if (observation.fires || observation.holds) {
    AlertFinding& finding = observation.finding;
    finding.value = count;
    finding.expected = count_.Mean(rule);
    finding.upper = threshold;
    finding.score = count / threshold;
    finding.severity =
        finding.score >= kCriticalAt ? AlertSeverity::kCritical : AlertSeverity::kWarning;
    finding.reason = fmt::format(
        "{} anomalies within {}; usual are {:.3g}, and from {:.0f} on it is unusual",
        count_.count(), FormatDuration(rule.spike_window.count()), finding.expected, threshold);
  }
  episode_.Observe(rule, subject, std::move(observation), out);
}

void SpikeAlert::Save(StateWriter* out) const {
  count_.Save(out);
  episode_.Save(out);
}

Status SpikeAlert::Load(StateReader* in) {
  AVOCET_RETURN_IF_ERROR(count_.Load(in));
  return episode_.Load(in);
}

}  // namespace avocet
