// DevicesConfig: what is known of devices besides their readings.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace avocet {

/// Name to value: site to north.
using Labels = std::map<std::string, std::string>;

/// One entry of `devices.labels`.
struct DeviceLabelsConfig {
  std::vector<std::string> devices;  ///< patterns with * and ?; not empty
  Labels labels;
};

struct DevicesConfig {
  std::string labels_file;               ///< CSV: device_id, then a column for each label
  std::map<std::string, Labels> listed;  ///< what the file says, by device
  std::vector<DeviceLabelsConfig>
      labels;         ///< later entries win over earlier ones, the file over all
  std::string peers;  ///< a label: `auto` compares devices with those of the same value; empty: all
};

}  // namespace avocet
