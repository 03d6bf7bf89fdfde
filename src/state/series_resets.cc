#include "src/state/series_resets.h"

#include <algorithm>

namespace avocet {

void SeriesResets::Set(std::span<const SeriesReset> resets) {
  resets_.clear();
  by_slot_.clear();
  num_devices_ = 0;
  for (const SeriesReset& reset : resets) {
    if (reset.from_us) resets_.push_back({reset.device, reset.metric, *reset.from_us});
  }
}

void SeriesResets::SetMetrics(std::span<const std::string> names) {
  metrics_.assign(names.begin(), names.end());
}

void SeriesResets::SetDevices(const DeviceTable& devices) {
  if (empty()) return;
  for (; num_devices_ < devices.size(); ++num_devices_) {
    const auto slot = static_cast<uint32_t>(num_devices_);
    for (size_t i = 0; i < resets_.size(); ++i) {
      if (resets_[i].device == devices.name(slot)) by_slot_[slot].push_back(i);
    }
  }
}

bool SeriesResets::Between(uint32_t slot, uint16_t metric, int64_t after_us,
                           int64_t until_us) const {
  const auto found = by_slot_.find(slot);
  if (found == by_slot_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](size_t i) {
    const Reset& reset = resets_[i];
    return after_us < reset.from_us && reset.from_us <= until_us &&
           (reset.metric.empty() || (metric < metrics_.size() && reset.metric == metrics_[metric]));
  });
}

}  // namespace avocet
