#include "src/config/units.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace avocet {
namespace {

enum class Quantity : uint8_t {
  kTemperature,
  kPressure,
  kSpeed,
  kLength,
  kRatio,
  kMass,
  kPower,
  kVoltage,
  kCurrent,
  kEnergy,
  kIlluminance,
};

/// value_in_base = value * numerator / denominator + offset. A fraction keeps both directions of a
/// conversion as exact as doubles allow.
struct Unit {
  std::string_view name;
  Quantity quantity;
  double numerator = 1;
  double denominator = 1;
  double offset = 0;
};

constexpr std::array kUnits = {
    Unit{"degC", Quantity::kTemperature},
    Unit{"degF", Quantity::kTemperature, 5, 9, -160.0 / 9.0},
    Unit{"K", Quantity::kTemperature, 1, 1, -273.15},
    Unit{"Pa", Quantity::kPressure},
    Unit{"hPa", Quantity::kPressure, 100},
    Unit{"kPa", Quantity::kPressure, 1'000},
    Unit{"bar", Quantity::kPressure, 100'000},
    Unit{"mbar", Quantity::kPressure, 100},
    Unit{"psi", Quantity::kPressure, 6894.757293168361},
    Unit{"m/s", Quantity::kSpeed},
    Unit{"km/h", Quantity::kSpeed, 5, 18},
    Unit{"mph", Quantity::kSpeed, 0.44704},
    Unit{"m", Quantity::kLength},
    Unit{"mm", Quantity::kLength, 1, 1'000},
    Unit{"cm", Quantity::kLength, 1, 100},
    Unit{"km", Quantity::kLength, 1'000},
    Unit{"in", Quantity::kLength, 254, 10'000},
    Unit{"ft", Quantity::kLength, 3'048, 10'000},
    Unit{"1", Quantity::kRatio},
    Unit{"%", Quantity::kRatio, 1, 100},
    Unit{"g", Quantity::kMass},
    Unit{"kg", Quantity::kMass, 1'000},
    Unit{"lb", Quantity::kMass, 453.59237},
    Unit{"W", Quantity::kPower},
    Unit{"kW", Quantity::kPower, 1'000},
    Unit{"V", Quantity::kVoltage},
    Unit{"mV", Quantity::kVoltage, 1, 1'000},
    Unit{"A", Quantity::kCurrent},
    Unit{"mA", Quantity::kCurrent, 1, 1'000},
    Unit{"J", Quantity::kEnergy},
    Unit{"Wh", Quantity::kEnergy, 3'600},
    Unit{"kWh", Quantity::kEnergy, 3'600'000},
    Unit{"lux", Quantity::kIlluminance},
};

const Unit* Find(std::string_view name) {
  const auto* found = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& unit) { return unit.name == name; });
  return found == kUnits.end() ? nullptr : found;
}

}  // namespace

bool FindConversion(std::string_view from, std::string_view to, double* scale, double* offset) {
  *scale = 1;
  *offset = 0;
  if (from == to) return true;
  const Unit* source = Find(from);
  const Unit* target = Find(to);
  if (source == nullptr || target == nullptr || source->quantity != target->quantity) return false;
  *scale = (source->numerator * target->denominator) / (source->denominator * target->numerator);
  *offset = (source->offset - target->offset) * target->denominator / target->numerator;
  return true;
}

std::vector<std::string> UnitsConvertibleTo(std::string_view unit) {
  std::vector<std::string> names;
  const Unit* target = Find(unit);
  if (target == nullptr) return names;
  for (const Unit& other : kUnits) {
    if (other.quantity == target->quantity && &other != target) names.emplace_back(other.name);
  }
  return names;
}

std::vector<std::string> KnownUnits() {
  std::vector<std::string> names;
  for (const Unit& unit : kUnits) names.emplace_back(unit.name);
  return names;
}

}  // namespace avocet
