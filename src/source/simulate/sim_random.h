// Random numbers for the simulator: a pure function of key and index, in integers only, so that
// every machine draws the same ones and any index can be reached at once.
#pragma once

#include <bit>
#include <cstdint>

namespace avocet {

/// The finalizer of SplitMix64.
constexpr uint64_t Mix64(uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

/// Draw `index` of the stream `key`: SplitMix64 with random access.
constexpr uint64_t Draw(uint64_t key, uint64_t index) {
  return Mix64(key + (index + 1) * 0x9E3779B97F4A7C15U);
}

/// A stream that is independent of those with other `part`s.
constexpr uint64_t SubKey(uint64_t key, uint64_t part) {
  return Mix64(key ^ Mix64(part + 0xD1B54A32D192ED03U));
}

/// A number from 0 to `size` - 1. REQUIRES: 0 < size < 2^32.
constexpr int64_t DrawBelow(uint64_t draw, int64_t size) {
  return static_cast<int64_t>(((draw >> 32U) * static_cast<uint64_t>(size)) >> 32U);
}

/// A number from `low` to `high`, both possible.
constexpr int64_t DrawBetween(uint64_t draw, int64_t low, int64_t high) {
  return low + DrawBelow(draw, high - low + 1);
}

/// 1024 standard deviations of a normal distribution make 1024 * 1024 here: the number of ones
/// among 64 random bits (deviation 4), smoothed by a uniform part. Good to about five deviations.
constexpr int64_t kNormalUnit = 1024;
constexpr int64_t DrawNormal(uint64_t draw) {
  const int64_t ones = std::popcount(draw) - 32;
  const auto part = static_cast<int64_t>(Mix64(draw) & 1023U) - 512;
  return (ones * 1024 + part) / 4;
}

}  // namespace avocet
