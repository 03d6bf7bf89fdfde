#include "src/base/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace avocet {

using std::chrono::nanoseconds;

constexpr std::array<int64_t, LatencyHistogram::kNumBounds> LatencyHistogram::kBounds = [] {
  // Renard's preferred numbers: even steps of a logarithm, with round ones among them.
  constexpr std::array<int64_t, 20> kSteps = {100, 112, 125, 140, 160, 180, 200, 224, 250, 280,
                                              315, 355, 400, 450, 500, 560, 630, 710, 800, 900};
  std::array<int64_t, kNumBounds> bounds{};
  int64_t unit = 10;  // a hundredth of a microsecond
  for (size_t i = 0; i < kNumBounds; ++i) {
    bounds[i] = kSteps[i % kSteps.size()] * unit;
    if (i % kSteps.size() == kSteps.size() - 1) unit *= 10;
  }
  return bounds;
}();

void LatencyHistogram::Add(nanoseconds latency, uint64_t weight) {
  const int64_t nanos = std::max<int64_t>(0, latency.count());
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), nanos);
  buckets_[static_cast<size_t>(bound - kBounds.begin())].fetch_add(weight,
                                                                   std::memory_order_relaxed);
  sum_seconds_.fetch_add(static_cast<double>(nanos) * 1e-9 * static_cast<double>(weight),
                         std::memory_order_relaxed);
}

nanoseconds LatencyHistogram::Quantile(double q) const {
  const auto wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(count()))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= wanted) return nanoseconds(kBounds[std::min(i, kNumBounds - 1)]);
  }
  return nanoseconds(0);
}

uint64_t LatencyHistogram::CountUpTo(nanoseconds limit) const {
  uint64_t seen = 0;
  for (size_t i = 0; i < kNumBounds && kBounds[i] <= limit.count(); ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
  }
  return seen;
}

uint64_t LatencyHistogram::count() const {
  uint64_t seen = 0;
  for (const std::atomic<uint64_t>& bucket : buckets_) {
    seen += bucket.load(std::memory_order_relaxed);
  }
  return seen;
}

}  // namespace avocet
