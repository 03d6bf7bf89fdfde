// UnitGuess: the unit and the sensible range of a metric, from its name and its values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace avocet {

struct ValueRange {
  double min = 0, max = 0;
  bool Covers(double low, double high) const { return min <= low && high <= max; }
};

struct UnitGuess {
  std::string unit;  ///< empty: none
  std::string why;   ///< "the name and the values"
  /// What such a sensor can measure at all; nothing when that is not known.
  std::optional<ValueRange> physical;
};

/// `name`: as in the sample, "Temperature (degC)"; the other three are of its values there.
UnitGuess GuessUnit(std::string_view name, double min, double median, double max);

/// The observed range, widened to round numbers with at least its own width to spare at each end;
/// not below zero when nothing below zero was observed.
ValueRange WidenedRange(double min, double max);

}  // namespace avocet
