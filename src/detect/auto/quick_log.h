// The natural logarithm, for those that need many and not the last digits of them.
#pragma once

#include <cstdint>
#include <cstring>

namespace avocet::auto_detect {

/// log(x) to within 2e-7 of its magnitude or of 1, whichever is larger, and the same on every
/// machine. REQUIRES: x > 0, finite and not subnormal. By the series of artanh around the power of
/// two nearest to x.
inline float QuickLog(float x) {
  constexpr uint32_t kHalfRoot = 0x3F3504F3;  // the bits of sqrt(1/2)
  constexpr float kLog2 = 0.693147181F;
  uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof(bits));
  const auto exponent = static_cast<int32_t>(bits - kHalfRoot) >> 23;
  bits -= static_cast<uint32_t>(exponent) << 23;
  float rest = 0;  // in [sqrt(1/2), sqrt(2))
  std::memcpy(&rest, &bits, sizeof(rest));
  const float t = (rest - 1) / (rest + 1);
  const float square = t * t;
  const float series = 2 + square * (2.0F / 3 + square * (2.0F / 5 + square * (2.0F / 7)));
  return static_cast<float>(exponent) * kLog2 + t * series;
}

}  // namespace avocet::auto_detect
