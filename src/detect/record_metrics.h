// What detectors that judge several metrics of a record at once share.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "src/detect/detector.h"

namespace avocet {

/// The values that row `row` has of `metrics`; NaN where there is none. False: there is none at
/// all. REQUIRES: `values` has the size of `metrics`.
inline bool ReadRecord(const KeyedBatch& batch, uint32_t row, std::span<const uint16_t> metrics,
                       std::span<double> values) {
  bool any = false;
  for (size_t place = 0; place < metrics.size(); ++place) {
    const uint16_t metric = metrics[place];
    const bool present = metric < batch.metrics.size() && !batch.metrics[metric].empty();
    values[place] = present ? batch.metrics[metric][row] : std::numeric_limits<double>::quiet_NaN();
    any = any || std::isfinite(values[place]);
  }
  return any;
}

/// What is to be said of a record whose strongest evidence is `anomaly`, whether it fires or not.
inline Judgement JudgementOf(const Anomaly& anomaly) {
  return {.row = anomaly.row,
          .metric = anomaly.metric,
          .expected = anomaly.expected,
          .lower = anomaly.lower,
          .upper = anomaly.upper,
          .score = anomaly.score,
          .severity = anomaly.score,
          .type = anomaly.score > 1 ? anomaly.reason : std::string_view()};
}

/// The largest of `parts`, none of which is negative, as shares of their sum, largest first; of
/// equal ones the first metric. `metrics` are their indexes.
inline std::array<Contribution, 4> LargestShares(std::span<const double> parts,
                                                 std::span<const uint16_t> metrics) {
  double sum = 0;
  for (const double part : parts) sum += part;
  std::array<Contribution, 4> shares{};
  if (!(sum > 0)) return shares;
  for (size_t i = 0; i < parts.size(); ++i) {
    Contribution share{.metric = metrics[i], .share = static_cast<float>(parts[i] / sum)};
    for (Contribution& larger : shares) {
      if (share.share > larger.share) std::swap(share, larger);
    }
  }
  return shares;
}

}  // namespace avocet
