// MaintenanceConfig: when readings are not to be judged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/device_config.h"

namespace avocet {

/// One entry of `maintenance`: event times at which devices are worked on. Detectors see no values
/// of theirs, so they raise nothing and learn nothing.
struct MaintenanceConfig {
  std::string name;                  ///< unique
  int64_t from_us = 0;               ///< event time; 0: not bounded
  int64_t until_us = 0;              ///< event time, not included; 0: not bounded
  std::string every;                 ///< hours of the week within that; empty: all the time
  std::vector<std::string> devices;  ///< patterns with * and ?; empty: all
  Labels labels;                     ///< patterns by label; all must match
  std::vector<std::string> metrics;  ///< empty: all, and devices as a whole
  int line = 0;                      ///< in the configuration file, for messages
};

}  // namespace avocet
