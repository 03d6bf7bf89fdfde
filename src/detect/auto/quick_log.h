// The natural logarithm, for those that need many and not the last digits of them.
#pragma once

#include <cstdint>
#include <cstring>

namespace avocet::auto_detect {

/// log(x) to within 4e-7 of its magnitude or of 1, whichever is larger, and the same on every
/// machine. REQUIRES: x > 0, finite and not subnormal. A minimax polynomial around the power of two
/// nearest to x: no division, and three terms at a time, as others wait for the result.
inline float QuickLog(float x) {
  constexpr uint32_t kHalfRoot = 0x3F3504F3;  // the bits of sqrt(1/2)
  constexpr float kLog2 = 0.693147181F;
  uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof(bits));
  const auto exponent = static_cast<int32_t>(bits - kHalfRoot) >> 23;
  bits -= static_cast<uint32_t>(exponent) << 23;
  float nearest = 0;  // in [sqrt(1/2), sqrt(2))
  std::memcpy(&nearest, &bits, sizeof(nearest));
  const float f = nearest - 1;
  const float square = f * f;
  const float low = -0.500014842F + 0.333155453F * f;
  const float middle = -0.248977661F + 0.204925701F * f;
  const float high = -0.187617168F + 0.119864002F * f;
  const float curve = square * (low + square * (middle + square * high));
  return (static_cast<float>(exponent) * kLog2 + f) + curve;
}

}  // namespace avocet::auto_detect
