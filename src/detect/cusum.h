// cusum: Page's two-sided cumulative sum chart, for small shifts of the level that last.
//
// With z = (x - mean) / deviation, of the first min_samples readings or as given:
//   up = max(0, up + z - slack);  down = max(0, down - z - slack)
// Flagged when up or down exceeds limit, which is how an average run of readings above or below the
// mean shows. Then both sums start from 0 and, unless mean and deviation are given, the series is
// learned anew: the new level is the normal one. One reading adds at most 0.9 * limit, so that no
// single spike is a shift. When all readings that were learned are equal, any other value is
// flagged with reason "constant". Readings beyond 1e50 are neither judged nor learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& CusumType();

}  // namespace avocet
