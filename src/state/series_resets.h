// SeriesResets: from when on detectors say again what they had muted because it came too often.
//
// A function of event times, so that a rebuild resets where the run did. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/state/device_table.h"

namespace avocet {

struct SeriesReset {
  int64_t id = 0;
  std::string device;
  std::string metric;      ///< empty: all of the device
  int64_t created_us = 0;  ///< on the clock on the wall
  std::string actor;       ///< who asked for it
  /// It comes before the first reading of this event time or a later one. Without it no engine has
  /// taken it over yet.
  std::optional<int64_t> from_us;
};

/// Those of one shard's devices.
class SeriesResets {
 public:
  /// Resets of devices or metrics that are not known wait for them.
  void Set(std::span<const SeriesReset> resets);
  /// All metrics so far.
  void SetMetrics(std::span<const std::string> names);
  /// All devices so far.
  void SetDevices(const DeviceTable& devices);

  bool empty() const { return resets_.empty(); }

  /// Whether the series has a reset at after_us < t <= until_us.
  bool Between(uint32_t slot, uint16_t metric, int64_t after_us, int64_t until_us) const;

 private:
  struct Reset {
    std::string device;
    std::string metric;
    int64_t from_us = 0;
  };
  std::vector<Reset> resets_;
  std::vector<std::string> metrics_;
  std::map<uint32_t, std::vector<size_t>> by_slot_;  // indexes of resets_
  size_t num_devices_ = 0;                           // that were looked through
};

}  // namespace avocet
