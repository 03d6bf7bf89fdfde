// auto: the detector that needs no tuning. See docs/detectors/auto.md.
//
// Judges every series by channels for known kinds of faults (spike, dip, stuck, noise, dead, clip,
// level, drift, peer, missing) and by what it has never done (novelty). One parameter set for all
// series; learns how often a series reports, its daily course, and what is ordinary for it.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& AutoType();

}  // namespace avocet
