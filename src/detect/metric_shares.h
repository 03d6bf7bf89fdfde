// Which metrics of a record an anomaly of all of them comes from.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "src/detect/detector.h"

namespace avocet {

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
