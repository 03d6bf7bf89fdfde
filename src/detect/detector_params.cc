#include "src/detect/detector_params.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "src/base/check.h"

namespace avocet {
namespace {

constexpr double kMicrosPerSecond = 1e6;

const DetectorParam& Find(const DetectorSpec& spec, std::string_view name) {
  const auto found = std::find_if(spec.params.begin(), spec.params.end(),
                                  [&](const DetectorParam& param) { return param.name == name; });
  AVOCET_CHECK(found != spec.params.end());
  return *found;
}

}  // namespace

double DetectorParams::Number(std::string_view name) const {
  const DetectorParam& param = Find(spec_, name);
  const auto given = config_.params.find(std::string(name));
  const double value = given != config_.params.end() ? given->second : param.default_value;
  return std::isnan(value) ? value : std::clamp(value, param.min, param.max);
}

uint32_t DetectorParams::Integer(std::string_view name) const {
  const double value = Number(name);
  if (!(value > 0)) return 0;
  return static_cast<uint32_t>(std::min(value, static_cast<double>(UINT32_MAX)));
}

bool DetectorParams::Bool(std::string_view name) const { return Number(name) != 0; }

int64_t DetectorParams::DurationUs(std::string_view name) const {
  const DetectorParam& param = Find(spec_, name);
  const auto to_micros = [](double seconds) {
    return static_cast<int64_t>(std::min(seconds * kMicrosPerSecond, 9e18));
  };
  const auto given = config_.durations_us.find(std::string(name));
  const int64_t value =
      given != config_.durations_us.end() ? given->second : to_micros(param.default_value);
  return std::clamp(value, to_micros(param.min), to_micros(param.max));
}

}  // namespace avocet
