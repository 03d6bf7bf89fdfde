// holt_winters: a reading far from what triple exponential smoothing forecasts for its time of day.
//
// The season, a day by default, has `buckets` parts of equal length, aligned to 1970 UTC. The first
// season is learned without judging: level = its mean, trend = 0, seasonal part of a bucket = its
// mean - level. Then, with e = x - (level + trend + seasonal):
//   level += trend + alpha * e;  trend += alpha * beta * e;  seasonal += gamma * e
// Flagged when |e| > sigma * deviation of earlier errors, from min_samples of them on. A flagged
// reading is learned as if it lay on the limit. Readings beyond 1e50 are judged, never learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& HoltWintersType();

}  // namespace avocet
