// HealthConfig: how the health of devices is told, hour by hour.
#pragma once

#include <chrono>
#include <string>

#include "src/config/duration.h"

namespace avocet {

struct HealthConfig {
  bool enabled = true;
  Duration trend_window = std::chrono::hours(7 * 24);  ///< of the hours that a trend is seen in
  std::string rul_model;  ///< file that `avocet fit-rul` made; empty: none
};

}  // namespace avocet
