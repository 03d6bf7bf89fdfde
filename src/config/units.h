// Conversions between units of measurement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace avocet {

/// How to convert: value_in_to = value_in_from * scale + offset. False when the two units are not
/// of one quantity or not known; a unit converts to itself whether it is known or not.
bool FindConversion(std::string_view from, std::string_view to, double* scale, double* offset);

/// The known units of the same quantity as `unit`, without itself; empty when it is not known.
std::vector<std::string> UnitsConvertibleTo(std::string_view unit);

/// Every known unit.
std::vector<std::string> KnownUnits();

}  // namespace avocet
