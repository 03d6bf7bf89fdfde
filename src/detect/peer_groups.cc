#include "src/detect/peer_groups.h"

#include <algorithm>

#include "src/config/device_labels.h"

namespace avocet {

PeerGroups::PeerGroups(const DevicesConfig& devices)
    : devices_(devices), values_(LabelValues(devices, devices.peers)) {}

void PeerGroups::SetDevices(const DeviceTable& devices) {
  if (empty()) return;
  for (auto slot = static_cast<uint32_t>(groups_.size()); slot < devices.size(); ++slot) {
    const std::string value = LabelOf(devices_, devices.name(slot), devices_.peers);
    const auto found = std::lower_bound(values_.begin(), values_.end(), value);
    const bool has_label = !value.empty();
    groups_.push_back(has_label ? static_cast<uint32_t>(found - values_.begin()) + 1 : 0);
  }
}

}  // namespace avocet
