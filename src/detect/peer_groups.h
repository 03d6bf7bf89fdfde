// PeerGroups: which devices of one shard are compared with each other, by the value of one label.
//
// A group has the same number in every shard: it follows from the configuration alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/device_config.h"
#include "src/state/device_table.h"

namespace avocet {

/// One thread at a time.
class PeerGroups {
 public:
  /// `devices` is borrowed.
  explicit PeerGroups(const DevicesConfig& devices);

  /// Whether all devices are one group.
  bool empty() const { return devices_.peers.empty(); }

  /// All devices so far, by slot.
  void SetDevices(const DeviceTable& devices);

  /// How many groups there are: one for each value of the label, and the first for devices that do
  /// not have it.
  size_t size() const { return values_.size() + 1; }
  /// REQUIRES: SetDevices has told of the slot.
  size_t GroupOf(uint32_t slot) const { return groups_[slot]; }

 private:
  const DevicesConfig& devices_;
  std::vector<std::string> values_;  // ascending
  std::vector<uint32_t> groups_;     // by slot
};

}  // namespace avocet
