// matrix_profile: a stretch of readings with a shape that none before it had.
//
// The left matrix profile: the last `length` readings, standardised, against every stretch of as
// many among the last `history` readings; the distance d to the nearest that does not overlap it by
// more than three quarters. Flagged when d > mean + sigma * deviation of the distances before,
// which are exponentially weighted; the deviation is at least 2 % of sqrt(length). Distances are
// learned up to that limit, from four lengths of readings on. A flag is raised once: there is no
// other before `length` readings in a row were near enough to what was before them. Readings beyond
// 1e50 are left out.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& MatrixProfileType();

}  // namespace avocet
