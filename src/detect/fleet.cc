#include "src/detect/fleet.h"

#include <algorithm>

#include "src/detect/detector.h"
#include "src/detect/fleet_medians.h"

namespace avocet {

std::vector<FleetMedian> MediansOf(FleetSamples* samples) {
  std::vector<FleetMedian> medians(samples->size());
  for (size_t metric = 0; metric < samples->size(); ++metric) {
    std::vector<float>& values = (*samples)[metric];
    if (values.size() < kSmallestFleet) continue;
    // The median is a value of a device: its own order does not matter, only the set.
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    medians[metric] = {*middle, static_cast<uint32_t>(values.size())};
  }
  return medians;
}

void ExchangeFleet(int64_t bucket, std::span<Detector* const> shards) {
  FleetSamples samples;
  for (const Detector* shard : shards) shard->CollectFleet(bucket, &samples);
  const std::vector<FleetMedian> medians = MediansOf(&samples);
  for (Detector* shard : shards) shard->LearnFleet(bucket, medians);
}

}  // namespace avocet
