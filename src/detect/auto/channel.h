// The kinds of anomaly that `auto` tells apart.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace avocet::auto_detect {

enum Channel : uint8_t {
  kSpike,    ///< one reading far above what its past foretells
  kDip,      ///< the same, below
  kStuck,    ///< the same value again and again
  kNoise,    ///< changes more from reading to reading than usual
  kDead,     ///< changes less from reading to reading than usual
  kClip,     ///< cut off at a ceiling or floor
  kLevel,    ///< far from what is usual at this time of day, suddenly
  kDrift,    ///< the same, gradually
  kPeer,     ///< not unusual by itself, but apart from the rest of the fleet
  kMissing,  ///< sends nothing
  kNovelty,  ///< what the series has never done
};
inline constexpr size_t kNumChannels = 11;

constexpr std::string_view ChannelName(size_t channel) {
  constexpr std::array<std::string_view, kNumChannels> kNames = {
      "spike", "dip",   "stuck", "noise",   "dead",   "clip",
      "level", "drift", "peer",  "missing", "novelty"};
  return kNames[channel];
}

/// What an anomaly of any channel is called that begins on a ramp: the last readings moved one way,
/// each by far more than is usual.
inline constexpr std::string_view kRateType = "rate";

/// One score per channel: above 1 it fires.
using Scores = std::array<float, kNumChannels>;

inline float HighestOf(const Scores& scores) {
  float highest = 0;
  // The first ones last, as they are known last, and the next reading waits for the result.
  for (size_t channel = kNumChannels; channel-- > 0;) highest = std::max(highest, scores[channel]);
  return highest;
}

}  // namespace avocet::auto_detect
