#include "src/alert/fleet_alerts.h"

namespace avocet {
namespace {
constexpr AlertEpisode::Subject kFleet = {.device = {}, .metric = {}, .label = "fleet"};
}  // namespace

FleetAlerts::FleetAlerts(const std::vector<AlertRuleConfig>* rules)
    : rules_(rules), spikes_(rules->size()) {}

void FleetAlerts::Process(std::span<const FleetMark> marks, int64_t fleet_time_us,
                          std::vector<AlertChange>* out) {
  for (const FleetMark& mark : marks) {
    spikes_[mark.rule].OnAnomaly((*rules_)[mark.rule], kFleet, mark.fleet_time_us, out);
  }
  for (size_t i = 0; i < spikes_.size(); ++i) {
    if ((*rules_)[i].type != AlertRuleType::kFleetSpike) continue;
    spikes_[i].OnTime((*rules_)[i], kFleet, fleet_time_us, out);
  }
}

void FleetAlerts::Save(StateWriter* out) const {
  out->Put<uint64_t>(spikes_.size());
  for (const SpikeAlert& spike : spikes_) spike.Save(out);
}

Status FleetAlerts::Load(StateReader* in) {
  uint64_t count = 0;
  AVOCET_RETURN_IF_ERROR(in->Get(&count));
  if (count != spikes_.size()) return Status::Corrupt("the number of alert rules does not match");
  for (SpikeAlert& spike : spikes_) AVOCET_RETURN_IF_ERROR(spike.Load(in));
  return in->AtEnd() ? Status::Ok() : Status::Corrupt("the fleet's alerts have bytes left over");
}

}  // namespace avocet
