// Which devices need attention, and why: what device_health says of the last week, and where the
// hourly means of device_stats are going.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/device_lives.h"
#include "src/lake/lake.h"

namespace avocet {

/// A row of device_health. NaN where nothing is known.
struct HealthHour {
  std::string device;
  int64_t hour_us = 0;
  int64_t until_us = 0;
  double health = 0;                                                                  ///< 0 to 100
  double availability = 0, freshness = 0, quality = 0, anomaly_share = 0, drift = 0;  ///< 0 to 1
  std::string reason;  ///< empty: nothing to say
};

/// Rows with from_us <= hour, of one device or of all (empty), in no particular order. Files that
/// cannot hold them are not read.
Status ReadHealth(Table* table, const std::string& device, int64_t from_us,
                  const std::function<void(HealthHour)>& on_hour);

/// A metric on its way to one of its configured limits.
struct LimitForecast {
  std::string device;
  std::string metric;
  double limit = 0;
  double level = 0;                      ///< now, at the peak of the day towards the limit
  double per_hour = 0;                   ///< slope
  double hours = 0;                      ///< from `now_us` on, until the limit is reached
  double hours_low = 0, hours_high = 0;  ///< 80 % interval
};

/// Per device and metric whose trend is significant; of one device or of all (empty). Trends are
/// seen in the hours of the configured window before `now_us`.
Result<std::vector<LimitForecast>> ForecastLimits(Table* device_stats, const Config& config,
                                                  const std::string& device, int64_t now_us);

/// How a device has been, and what is to be expected.
struct DeviceOutlook {
  HealthHour last;                   ///< its newest hour
  double day = 0;                    ///< mean health of the fleet's last 24 hours; silence is 0
  double week = 0;                   ///< of the six days before them; NaN: unknown
  int64_t silent_us = 0;             ///< the fleet has gone on for so long without it
  double hours_to_limit = 0;         ///< the first one; NaN: none
  std::optional<RulEstimate> life;   ///< by the model of failures on record
  double urgency = 0;                ///< 0: none, to 100
  std::vector<std::string> reasons;  ///< sentences, the most urgent first; empty: it is well
};

struct FleetHealth {
  int64_t now_us = INT64_MIN;          ///< newest time of the table; INT64_MIN: it is empty
  std::vector<DeviceOutlook> devices;  ///< most urgent first

  /// How many of them need attention.
  size_t NumUrgent() const;
};

/// All devices of the last week. `lives` is what a model of useful life says; empty without one.
Result<FleetHealth> RankFleet(Table* device_health, Table* device_stats, const Config& config,
                              const UsefulLives& lives);

}  // namespace avocet
