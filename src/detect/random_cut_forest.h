// random_cut_forest: records of a device that are where hardly any were before.
//
// A robust random cut forest over the metrics of a device. Each of `trees` holds `samples` records
// drawn from about the last `memory` ones, each metric in deviations from the mean of its first 30
// values; with `shingle` above 1 a point is so many records in a row. The displacement of a point
// is the mean over the trees of what it would be on average if it were inserted. Flagged when its
// logarithm is above mean + sigma * deviation of those before, which are exponentially weighted;
// the deviation is at least 0.1. Logarithms are learned up to that limit, once the trees are full.
//
// The anomaly is of the metric with the largest share of the displacement; contributors name all.
// A metric that is null keeps its last value; one that was never there has no extent. The cuts
// follow from the number of the record alone: the same readings always have the same scores.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& RandomCutForestType();

}  // namespace avocet
