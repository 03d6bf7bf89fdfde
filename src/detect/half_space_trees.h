// half_space_trees: a reading where there have been few before, by streaming half-space trees.
//
// A tree halves the range of the values again and again, `depth` times; its nodes count the
// readings of the last complete window ("reference") and of the present one. A reading goes down
// each tree until a node has less than a tenth of the window, or to a leaf; at depth k with r
// readings it is r * 2^k / window times as crowded there as if all values were equally frequent.
// With the mean c of that over all trees, flagged when log10((window + 1) / (c * window + 1)) >
// limit.
//
// The first window sets the range, the second fills the reference. Trees see the range shifted by
// fixed fractions, where the paper draws them at random. When a tenth of a window was outside of
// the range all is learned anew. Readings beyond 1e50 are judged, never learned.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& HalfSpaceTreesType();

}  // namespace avocet
