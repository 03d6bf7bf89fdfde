// stuck: a series that repeats the same value for too long.
//
// A run is a stretch of readings within `tolerance` of its first one. Flagged once per run, at the
// first reading at which the run has lasted `duration` and has `min_samples` readings. Nulls and
// late readings neither continue nor end a run.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& StuckType();

}  // namespace avocet
