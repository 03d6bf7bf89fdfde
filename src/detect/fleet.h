// What detectors of all shards tell each other: the median of a fleet, in steps of event time.
//
// Event time is cut into buckets. A bucket closes when a reading moves the fleet's clock out of it;
// whoever feeds detectors ends a batch with that reading, and calls ExchangeFleet. So every reading
// is judged with the medians of the buckets that were closed when it arrived, whatever the ticks,
// threads and shards.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"

namespace avocet {

class Detector;

inline constexpr int64_t kFleetBucketUs = 5 * kMicrosPerMinute;

/// A fleet has a median when so many devices take part.
inline constexpr size_t kSmallestFleet = 5;

/// The bucket that holds `time_us`.
constexpr int64_t FleetBucketOf(int64_t time_us) { return FloorDivide(time_us, kFleetBucketUs); }

/// Below every bucket.
inline constexpr int64_t kNoBucket = FleetBucketOf(std::numeric_limits<int64_t>::min()) - 1;

/// [metric], or what the detector takes for one: one sample of each device that takes part.
using FleetSamples = std::vector<std::vector<float>>;

struct FleetMedian {
  float median = 0;
  uint32_t devices = 0;  ///< 0: fewer than kSmallestFleet take part
};

/// `bucket` is closed: collects the samples of one detector's instances, one per shard, and tells
/// all of them the medians. The instances are used by no other thread meanwhile.
void ExchangeFleet(int64_t bucket, std::span<Detector* const> shards);

}  // namespace avocet
