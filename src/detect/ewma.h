// ewma: how far a reading is from the exponentially weighted mean of its series.
//
// Over earlier readings, with k = max(alpha, 1 / number of readings), d = x - mean:
//   mean += k * d;  variance = (1 - k) * (variance + k * d^2)
// Flagged when |x - mean| > sigma * std. A flagged reading is learned as if it lay on the limit, so
// one spike does not hide the next. When all earlier readings are equal, any other value is flagged
// with reason "constant". Readings beyond 1e50 are judged, never learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& EwmaType();

}  // namespace avocet
