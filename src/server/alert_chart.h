// A picture of the readings before an alert, for messages.
#pragma once

#include <string>

#include "src/alert/alert_change.h"
#include "src/server/live_fleet.h"
#include "src/server/series_buckets.h"

namespace avocet {

/// The values, their usual band, the limits that were broken and the moment of the alert, as PNG;
/// empty when the alert is not about a metric of a device, or no readings of it are in memory.
std::string AlertChart(const LiveFleet& fleet, const AlertChange& change);

/// The same of the first metric of `series`, whose range is [from_us, to_us).
std::string DrawAlertChart(const SeriesBuckets::Answer& series, int64_t from_us, int64_t to_us,
                           const AlertChange& change);

}  // namespace avocet
