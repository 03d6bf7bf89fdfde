#include "src/cli/unit_guess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "src/model/metric_name.h"

namespace avocet {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A unit for a quantity whose values lie about there. A row without a physical range has
/// `low` > `high`.
struct Candidate {
  std::string_view words;  // any of them is in the name
  double median_from, median_to;
  std::string_view unit;
  double low, high;
};

constexpr double kNoLow = 1;
constexpr double kNoHigh = 0;

// The first row that fits is taken, so narrow names come before wide ones.
constexpr auto kCandidates = std::to_array<Candidate>({
    {"fahrenheit degf tempf", -kInfinity, kInfinity, "degF", -40, 185},
    {"kelvin", -kInfinity, kInfinity, "K", 0, 1300},
    {"celsius degc", -kInfinity, kInfinity, "degC", -40, 85},
    {"temperature temp dewpoint dew tmp", -kInfinity, 45, "degC", -40, 85},
    {"temperature temp dewpoint dew tmp", 45, 200, "degF", -40, 185},
    {"temperature temp dewpoint dew tmp", 200, 400, "K", 200, 400},
    {"humidity hum rh humid moisture", 0, 1, "1", 0, 1},
    {"humidity hum rh humid moisture percent pct", 0, 100, "%", 0, 100},
    {"soc", 0, 100, "%", 0, 100},
    {"pressure press baro barometer barometric", 300, 1200, "hPa", 300, 1200},
    {"pressure press baro barometer barometric", 30'000, 120'000, "Pa", 30'000, 120'000},
    {"pressure press baro barometer barometric", 30, 120, "kPa", 30, 120},
    {"light lux illuminance illumination brightness", 0, kInfinity, "lux", 0, 200'000},
    {"co2 carbon", 100, kInfinity, "ppm", 0, 40'000},
    {"tvoc voc", 0, kInfinity, "ppb", 0, 60'000},
    {"pm1 pm25 pm2 pm10 pm4", 0, kInfinity, "ug/m3", 0, 2'000},
    {"sound noise loudness spl", 0, 140, "dB", 0, 194},
    {"rssi", -kInfinity, 0, "dBm", -150, 30},
    {"snr", -kInfinity, kInfinity, "dB", -60, 100},
    {"latitude lat", -90, 90, "deg", -90, 90},
    {"longitude lon lng long", -180, 180, "deg", -180, 180},
    {"direction heading bearing azimuth", 0, 360, "deg", 0, 360},
    {"ph", 0, 14, "", 0, 14},
    {"wind", 0, 60, "m/s", 0, 120},
    {"speed velocity", 0, kInfinity, "m/s", kNoLow, kNoHigh},
    {"rpm", 0, kInfinity, "rpm", kNoLow, kNoHigh},
    {"rain rainfall precipitation precip", 0, kInfinity, "mm", kNoLow, kNoHigh},
    {"battery batt vbat bat", 0, 6, "V", 0, 6},
    {"battery batt vbat bat", 6, 100, "%", 0, 100},
    {"battery batt vbat bat", 1'000, 10'000, "mV", 0, 10'000},
    {"voltage volt volts", -kInfinity, kInfinity, "V", kNoLow, kNoHigh},
    {"current amps ampere", -kInfinity, kInfinity, "A", kNoLow, kNoHigh},
    {"power watt watts", -kInfinity, kInfinity, "W", kNoLow, kNoHigh},
    {"frequency freq", 0, kInfinity, "Hz", kNoLow, kNoHigh},
});

/// Units as they stand at the end of names: "(hPa)", "_hpa".
struct Suffix {
  std::string_view text;
  std::string_view unit;
};

constexpr auto kSuffixes = std::to_array<Suffix>({
    {"\xC2\xB0"
     "C",
     "degC"},
    {"\xC2\xB0"
     "F",
     "degF"},
    {"degC", "degC"},
    {"degF", "degF"},
    {"C", "degC"},
    {"F", "degF"},
    {"K", "K"},
    {"%", "%"},
    {"%RH", "%"},
    {"hPa", "hPa"},
    {"kPa", "kPa"},
    {"Pa", "Pa"},
    {"mbar", "mbar"},
    {"bar", "bar"},
    {"psi", "psi"},
    {"lux", "lux"},
    {"lx", "lux"},
    {"V", "V"},
    {"mV", "mV"},
    {"A", "A"},
    {"mA", "mA"},
    {"W", "W"},
    {"kW", "kW"},
    {"kWh", "kWh"},
    {"Wh", "Wh"},
    {"m/s", "m/s"},
    {"km/h", "km/h"},
    {"mph", "mph"},
    {"mm", "mm"},
    {"cm", "cm"},
    {"m", "m"},
    {"ppm", "ppm"},
    {"ppb", "ppb"},
    {"dB", "dB"},
    {"dBm", "dBm"},
    {"Hz", "Hz"},
    {"kg", "kg"},
    {"g", "g"},
    {"rpm", "rpm"},
});

std::vector<std::string> WordsOf(std::string_view text, char separator) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == separator) {
      words.emplace_back();
    } else {
      words.back().push_back(c);
    }
  }
  return words;
}

// "AirTemp" is two words, "PM25" one.
std::string SplitCamelCase(std::string_view name) {
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool upper = name[i] >= 'A' && name[i] <= 'Z';
    const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (upper && after_lower) text.push_back('_');
    text.push_back(name[i]);
  }
  return text;
}

// The text in the brackets at the end: "Temperature (C)".
std::string_view InBrackets(std::string_view name) {
  if (name.empty() || (name.back() != ')' && name.back() != ']')) return {};
  const size_t open = name.find_last_of("([");
  if (open == std::string_view::npos) return {};
  return name.substr(open + 1, name.size() - open - 2);
}

std::string UnitInName(std::string_view name, const std::vector<std::string>& words) {
  const std::string_view brackets = InBrackets(name);
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == brackets) return std::string(suffix.unit);
  }
  // A single letter at the end of a name is only a unit after a word that has it.
  const auto has = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (words.size() < 2) return "";
  const std::string& last = words.back();
  const bool temperature = has("temperature") || has("temp");
  if (temperature && last == "c") return "degC";
  if (temperature && last == "f") return "degF";
  if (temperature && last == "k") return "K";
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text.size() >= 2 && NormalizeMetricName(suffix.text) == last) {
      return std::string(suffix.unit);
    }
  }
  return "";
}

std::optional<ValueRange> PhysicalRange(const Candidate& candidate) {
  if (candidate.low > candidate.high) return std::nullopt;
  return ValueRange{candidate.low, candidate.high};
}

bool SharesWord(const std::vector<std::string>& words, std::string_view list) {
  for (const std::string& word : WordsOf(list, ' ')) {
    if (std::find(words.begin(), words.end(), word) != words.end()) return true;
  }
  return false;
}

// The nearest 1, 2, 2.5 or 5 times a power of ten that is not below `value`.
double RoundUp(double value) {
  if (value <= 0) return 0;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 5.0}) {
    if (step * power >= value) return step * power;
  }
  return 10 * power;
}

}  // namespace

UnitGuess GuessUnit(std::string_view name, double min, double median, double max) {
  const auto words = WordsOf(NormalizeMetricName(SplitCamelCase(name)), '_');
  const std::string written = UnitInName(name, words);
  for (const Candidate& candidate : kCandidates) {
    const bool fits = median >= candidate.median_from && median <= candidate.median_to;
    if (!SharesWord(words, candidate.words) || (!fits && written.empty())) continue;
    if (!written.empty() && written != candidate.unit) continue;
    // A ratio and a loudness in decibels are judged by all values, not by the middle one.
    if (candidate.unit == "1" && (min < 0 || max > 1)) continue;
    if (candidate.unit == "dB" && max > candidate.high) continue;
    return {std::string(candidate.unit), written.empty() ? "the name and the values" : "the name",
            PhysicalRange(candidate)};
  }
  if (written == "%") return {"%", "the name", ValueRange{0, 100}};
  if (!written.empty()) return {written, "the name", std::nullopt};
  return {};
}

ValueRange WidenedRange(double min, double max) {
  const double width = std::max({max - min, std::abs(max) * 0.1, 1e-9});
  const double step = RoundUp(width) / 2;
  ValueRange range{std::floor((min - width) / step) * step, std::ceil((max + width) / step) * step};
  if (min >= 0) range.min = std::max(range.min, 0.0);
  if (!std::isfinite(range.min)) range.min = std::numeric_limits<double>::lowest();
  if (!std::isfinite(range.max)) range.max = std::numeric_limits<double>::max();
  return range;
}

}  // namespace avocet
