// threshold: a reading outside fixed limits.
//
// Critical below `min` or above `max`, warning below `warn_min` or above `warn_max`; limits that
// are not set do not apply. A reading on a limit is inside.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& ThresholdType();

}  // namespace avocet
