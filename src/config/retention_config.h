// RetentionConfig: how long the rows of each table are kept.
#pragma once

#include "src/config/duration.h"

namespace avocet {

/// By the time of the row: of bronze and quarantine when it was received, of the others the event
/// time. Zero: for ever.
struct RetentionConfig {
  Duration bronze{0};
  Duration quarantine{0};
  Duration silver{0};
  Duration anomalies{0};
  Duration device_stats{0};
  Duration device_health{0};
  Duration alerts{0};
};

}  // namespace avocet
