// What engines that each have a part of a fleet tell each other, as bytes: samples to whoever asks
// all of them, medians back. See Processor. Both sides are of one version of avocet.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/detect/fleet.h"

namespace avocet {

/// [detector]: the samples of a part.
std::string EncodeSamples(std::span<const FleetSamples> samples);

/// The medians of all parts' samples, encoded. kCorrupt for bytes that are none.
Result<std::string> MediansOfParts(std::span<const std::string_view> parts);

/// [detector]: the medians.
Result<std::vector<std::vector<FleetMedian>>> DecodeMedians(std::string_view bytes);

}  // namespace avocet
