#include "src/detect/auto.h"

#include <memory>

#include "src/detect/auto/auto_detector.h"
#include "src/detect/detector_params.h"

namespace avocet {
namespace {

constexpr std::string_view kPresets[] = {"quiet", "balanced", "sensitive"};
constexpr float kThresholds[] = {1.25F, 1.0F, 0.85F};
constexpr std::string_view kTiers[] = {"full", "lean"};

constexpr DetectorParam kParams[] = {
    {"preset", DetectorParam::Kind::kWord, 1, 0, 2,
     "How readily anomalies are raised: quiet for fewer, sensitive for more.", kPresets},
    {"tier", DetectorParam::Kind::kWord, 0, 0, 1,
     "lean leaves out novelty: less than a third of the memory.", kTiers},
    {"adopt_after", DetectorParam::Kind::kDuration, 86400, 60, 86400.0 * 365,
     "A change of level that lasts so long is the new normal."},
};

constexpr DetectorSpec kSpec = {
    .name = "auto",
    .summary = "Known kinds of faults, and whatever a series has never done; needs no tuning.",
    .source = "",
    .params = kParams,
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  const DetectorParams params(config, kSpec);
  const auto_detect::Settings settings{.threshold = kThresholds[params.Word("preset")],
                                       .adopt_us = params.DurationUs("adopt_after")};
  return std::make_unique<auto_detect::AutoDetector>(settings, params.Word("tier") == 1, config,
                                                     metrics);
}

}  // namespace

const DetectorType& AutoType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
