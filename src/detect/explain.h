// Pieces of the sentences that detectors say to people.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "src/detect/detector.h"

namespace avocet {

/// The parts one after another; cheaper than a format string where every anomaly passes.
std::string Concatenated(std::initializer_list<std::string_view> parts);

/// A reading as it arrived: up to ten significant digits, no trailing zeros.
std::string ReadingText(double value);

/// A computed number, with as many decimals as make sense for a band of this `width`.
std::string ComputedText(double value, double width);

/// A multiple or rate, with one decimal below 100: "6.1", "152".
std::string RatioText(double value);

/// " (expected 35.1 to 40.7)" from the band of the anomaly.
std::string BandText(const Anomaly& anomaly);

/// "6.1 <unit> above" or "below" its expected value, with "6.1" = `multiple` of the unit.
std::string DistanceText(const Anomaly& anomaly, double multiple, std::string_view unit);

}  // namespace avocet
