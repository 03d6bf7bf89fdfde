// SimRandom: the random numbers of the simulation, the same for a seed on every platform.
#pragma once

#include <cstdint>

namespace avocet {

/// SplitMix64. Not for secrets. Owned by one thread.
class SimRandom {
 public:
  explicit SimRandom(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// Uniform, but for a bias that is too small to matter. REQUIRES: `bound` > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }

  /// True with this probability; 0 is never and 1 is always.
  bool Chance(double probability) {
    constexpr double kScale = 1.0 / (uint64_t{1} << 53);
    return static_cast<double>(Next() >> 11) * kScale < probability;
  }

 private:
  uint64_t state_;
};

}  // namespace avocet
