#include "src/config/config.h"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace avocet {

std::string WindowSuffix(Duration window) {
  constexpr std::array<std::pair<int64_t, std::string_view>, 5> kUnits = {{
      {86'400'000'000, "d"},
      {3'600'000'000, "h"},
      {60'000'000, "m"},
      {1'000'000, "s"},
      {1'000, "ms"},
  }};
  const int64_t count = window.count();
  if (count == 0) return "0s";
  for (const auto& [unit, name] : kUnits) {
    if (count % unit == 0) return std::to_string(count / unit) + std::string(name);
  }
  return std::to_string(count) + "us";
}

const HttpSourceConfig* FirstHttpSource(const Config& config) {
  for (const SourceConfig& source : config.sources) {
    const auto* http = std::get_if<HttpSourceConfig>(&source.options);
    if (http != nullptr) return http;
  }
  return nullptr;
}

}  // namespace avocet
