// DetectorSpec: what the configuration needs to know of a detector type to check and document it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace avocet {

/// A key of a detector's configuration.
struct DetectorParam {
  enum class Kind : uint8_t { kNumber, kInteger, kBool, kDuration, kWord };
  std::string_view name;
  Kind kind = Kind::kNumber;
  /// Seconds for durations, 0 or 1 for booleans, the place among `words`; NaN: not set.
  double default_value = 0;
  double min = 0, max = 0;  ///< allowed range, both ends; seconds for durations
  std::string_view help;    ///< one sentence for the reference page
  std::span<const std::string_view>
      words{};  ///< those allowed for a word, whose range is their places
};

struct DetectorSpec {
  std::string_view name;
  std::string_view summary;  ///< one sentence
  std::string_view source;   ///< paper or book of a published algorithm
  std::span<const DetectorParam> params;
  /// The configuration must give at least one of these keys; empty: none is required.
  std::span<const std::string_view> one_of{};
};

}  // namespace avocet
