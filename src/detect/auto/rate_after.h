// The rate at which an exponentially weighted mean learns.
#pragma once

#include <cstdint>

namespace avocet::auto_detect {

/// Of the value after `count` others: their mean at first, and `slowest` in the end. Divides only
/// as long as it matters.
constexpr float RateAfter(uint32_t count, float slowest) {
  const float n = static_cast<float>(count) + 1;
  return n * slowest < 1 ? 1 / n : slowest;
}

}  // namespace avocet::auto_detect
