// forecast_band: a reading outside of the band that a forecast from the last readings has kept.
//
// With y = (x - first reading) / deviation of the first 30, the forecast is a constant plus the
// last `lags` readings, weighted by recursive least squares over all earlier ones that forgets at
// 1 / memory per reading. The half width of the band begins as 2.576 deviations of the first
// min_samples errors. Then it is steered so that one reading in a hundred is outside, whatever the
// errors are distributed like (adaptive conformal inference): it grows by 4.95 % when one is, and
// shrinks by 0.05 % when not. Flagged when the error exceeds `factor` half widths. Errors are
// learned as at most three half widths. When all errors were 0, any other is flagged with reason
// "constant". Readings beyond 1e50 are judged, never learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& ForecastBandType();

}  // namespace avocet
