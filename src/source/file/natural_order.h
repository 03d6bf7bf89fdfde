// The order in which people number files: part-2 before part-10.
#pragma once

#include <string_view>

namespace avocet {

/// True when `a` comes before `b`. Runs of digits compare as numbers; equal numbers with different
/// leading zeros, and everything else, compare as bytes. A strict total order.
bool NaturalLess(std::string_view a, std::string_view b);

}  // namespace avocet
