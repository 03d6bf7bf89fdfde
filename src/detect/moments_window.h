// Moments of the last W readings of a series, without ever subtracting: what has left the window
// leaves no rounding error behind, and equal readings have variance 0 exactly.
#pragma once

#include <cstddef>
#include <cstdint>

#include "src/detect/moments.h"

namespace avocet {

/// The readings are cut into blocks of W. While a block fills, position p of `block` memory holds
/// - p < prefix.count: the reading itself;
/// - p >= prefix.count, once a block was complete: the moments of the previous block from p to its
///   end, as three numbers, each in its own third of the memory.
/// The window is that rest of the previous block plus the prefix of this one. Everything depends on
/// the order of the readings only, never on batches or restarts. Amortised constant time.
struct MomentsWindow {
  Moments prefix;
  uint64_t has_previous = 0;  ///< 1 once a block was complete

  static size_t BlockSize(uint32_t window) { return size_t{3} * window; }

  /// Moments of the last `window` readings, or of all when there are fewer.
  Moments Current(const double* block, uint32_t window) const {
    if (has_previous == 0) return prefix;
    return Moments::Merge(Rest(block, window, prefix.count), prefix);
  }

  void Add(double* block, uint32_t window, double x) {
    block[prefix.count] = x;
    prefix.Add(x);
    if (prefix.count == window) Turn(block, window);
  }

  bool IsPlausible(const double* block, uint32_t window) const {
    if (has_previous > 1 || prefix.count >= window || !prefix.IsPlausible()) return false;
    if (block == nullptr) return has_previous == 0 && prefix.count == 0;
    for (uint32_t p = 0; p < window; ++p) {
      if (!IsLearnable(block[p])) return false;
      if (p >= prefix.count && !Rest(block, window, p).IsPlausible()) return false;
    }
    return true;
  }

 private:
  static Moments Rest(const double* block, uint32_t window, uint32_t p) {
    return {.mean = block[p],
            .m2 = block[window + p],
            .mean_low = static_cast<float>(block[size_t{2} * window + p]),
            .count = window - p};
  }

  void Turn(double* block, uint32_t window) {
    Moments rest;
    for (uint32_t p = window; p-- > 0;) {
      rest.Add(block[p]);
      block[p] = rest.mean;
      block[window + p] = rest.m2;
      block[size_t{2} * window + p] = static_cast<double>(rest.mean_low);
    }
    prefix = {};
    has_previous = 1;
  }
};
static_assert(sizeof(MomentsWindow) == 32);

}  // namespace avocet
