// t2: readings of several metrics that do not go together, though each may be ordinary.
//
// Hotelling's statistic of a record: with z the distances of the metrics from their exponentially
// weighted means, in standard deviations, and C their correlations, T2 = z' C^-1 z. Flagged when T2
// is as improbable as a single reading `sigma` deviations from its mean. With `smoothing` below 1
// it is z's exponentially weighted mean (Lowry and others 1992), in units of its own deviation:
// small shifts that stay.
//
// The anomaly is of the metric that the others foretell worst; contributors name all. C is 0.95 of
// what was learned and 0.05 of independence. Metrics that are null take no part, nor do constant
// ones, nor more than 32. A record that is flagged is learned as if it were at the limit.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& T2Type();

}  // namespace avocet
