// zscore: how many standard deviations a reading is from the mean of its series' earlier readings.
//
// z = (x - mean) / std over all earlier valid readings of the same device and metric, or over the
// last `window` of them; std is the sample standard deviation (n - 1). Flagged when |z| > sigma,
// from min_samples earlier readings on (with a window: at most the window). The reading is learned
// after it was judged, flagged or not unless exclude_anomalies is set. When all earlier readings
// are equal, any other value is flagged with reason "constant". Readings beyond 1e50 are judged,
// never learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& ZScoreType();

}  // namespace avocet
