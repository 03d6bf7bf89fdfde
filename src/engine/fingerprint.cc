#include "src/engine/fingerprint.h"

#include "src/base/hash.h"
#include "src/config/load.h"

namespace avocet {
namespace {
// Raised when the meaning of state changes without a change of configuration.
constexpr int kStateVersion = 2;
}  // namespace

std::string StateFingerprint(const Config& config) {
  Config shaping;
  shaping.schema = config.schema;
  shaping.rolling_window = config.rolling_window;
  shaping.allowed_lateness = config.allowed_lateness;
  shaping.detectors = config.detectors;
  shaping.alerts.rules = config.alerts.rules;
  for (AlertRuleConfig& rule : shaping.alerts.rules) rule.channels.clear();
  return Hash128Hex(std::to_string(kStateVersion) + DumpConfig(shaping));
}

}  // namespace avocet
