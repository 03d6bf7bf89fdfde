// Reads a detector's parameters out of its configuration, with the defaults of its specification.
#pragma once

#include <cstdint>
#include <string_view>

#include "src/config/config.h"
#include "src/config/detector_spec.h"

namespace avocet {

/// Borrows both; lives only while a detector is made. Every name asked for must be in the
/// specification. Values are forced into the specified range, so that a detector need not check
/// what the configuration already did.
class DetectorParams {
 public:
  DetectorParams(const DetectorConfig& config, const DetectorSpec& spec)
      : config_(config), spec_(spec) {}

  /// NaN when the key is not set and has no default.
  double Number(std::string_view name) const;
  uint32_t Integer(std::string_view name) const;
  bool Bool(std::string_view name) const;
  /// The place of the word among those allowed.
  uint32_t Word(std::string_view name) const { return Integer(name); }
  int64_t DurationUs(std::string_view name) const;

 private:
  const DetectorConfig& config_;
  const DetectorSpec& spec_;
};

}  // namespace avocet
