// ShortFloat: a float in three bytes, without the last eight bits of its fraction.
//
// Keeps 16 bits of a number: more than what is usual for a sensor is known to. Raw bytes of a
// snapshot; zero-initialised is 0, and not set.
#pragma once

#include <cstdint>
#include <cstring>

namespace avocet::auto_detect {

class ShortFloat {
 public:
  /// The nearest to x. REQUIRES: x is finite, and not among the largest floats.
  void Set(float x) {
    uint32_t bits = 0;
    std::memcpy(&bits, &x, sizeof(bits));
    bits += 0x80;
    if (bits >> 8 == 0) bits = kMinusZero;
    for (int i = 0; i < 3; ++i) bytes_[i] = static_cast<uint8_t>(bits >> (8 * (i + 1)));
  }
  bool IsSet() const { return (bytes_[0] | bytes_[1] | bytes_[2]) != 0; }

  float Get() const {
    uint32_t bits = 0;
    for (int i = 0; i < 3; ++i) bits |= static_cast<uint32_t>(bytes_[i]) << (8 * (i + 1));
    float x = 0;
    std::memcpy(&x, &bits, sizeof(x));
    return x;
  }

 private:
  static constexpr uint32_t kMinusZero = 0x80000000;

  uint8_t bytes_[3];
};

}  // namespace avocet::auto_detect
