#include "src/engine/stage_clock.h"

#include <algorithm>
#include <cmath>

namespace avocet {

std::string_view StageName(Stage stage) {
  constexpr std::array<std::string_view, kNumStages> kNames = {
      "poll", "decode", "state", "collect", "snapshot", "files", "commit"};
  return kNames[static_cast<size_t>(stage)];
}

void LatencyHistogram::Add(std::chrono::nanoseconds latency, uint64_t weight) {
  const double nanos = std::max<double>(1.0, static_cast<double>(latency.count()));
  const auto bucket = static_cast<size_t>(std::log2(nanos) * kBucketsPerOctave);
  buckets_[std::min(bucket, buckets_.size() - 1)] += weight;
  count_ += weight;
}

std::chrono::nanoseconds LatencyHistogram::Quantile(double q) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const auto wanted = static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen < wanted || seen == 0) continue;
    return std::chrono::nanoseconds(
        static_cast<int64_t>(std::exp2(static_cast<double>(i + 1) / kBucketsPerOctave)));
  }
  return std::chrono::nanoseconds(0);
}

}  // namespace avocet
