// rate_of_change: a series that rises or falls faster than a fixed rate.
//
// rate = (x - previous) / seconds between the two readings; flagged when it exceeds max_per_second
// in a direction that is watched. Readings with the time of the previous one are not judged.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& RateOfChangeType();

}  // namespace avocet
