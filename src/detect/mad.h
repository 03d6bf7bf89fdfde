// mad: the robust z-score of a reading against the last `window` readings before it.
//
// z = (x - median) / (1.4826 * MAD), MAD = median of |reading - median|; flagged when |z| >
// threshold. When more than half of the window is equal, MAD is 0 and 1.2533 * mean of |reading -
// median| takes its place; when all of it is equal, any other value is flagged with reason
// "constant". Readings beyond 1e50 are judged, never learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& MadType();

}  // namespace avocet
