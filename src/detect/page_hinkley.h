// page_hinkley: the Page-Hinkley test for a change of the mean.
//
// With d = (x - mean of all readings since the last change) / deviation of these (or as given):
//   rise = fade * rise + d - tolerance;  fall = fade * fall + d + tolerance
// Flagged when rise is more than limit above the least it has been, or fall more than limit below
// the most, from min_samples readings on. Then everything is learned anew. One reading moves the
// sums by at most 0.9 * limit, so that no single spike is a change. Readings beyond 1e50 are
// neither judged nor learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& PageHinkleyType();

}  // namespace avocet
