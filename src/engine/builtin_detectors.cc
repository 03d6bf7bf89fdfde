#include "src/engine/builtin_detectors.h"

#include <algorithm>
#include <array>
#include <vector>

#include "src/detect/auto.h"
#include "src/detect/cusum.h"
#include "src/detect/ewma.h"
#include "src/detect/forecast_band.h"
#include "src/detect/half_space_trees.h"
#include "src/detect/holt_winters.h"
#include "src/detect/mad.h"
#include "src/detect/matrix_profile.h"
#include "src/detect/missing.h"
#include "src/detect/page_hinkley.h"
#include "src/detect/random_cut_forest.h"
#include "src/detect/rate_of_change.h"
#include "src/detect/stuck.h"
#include "src/detect/t2.h"
#include "src/detect/threshold.h"
#include "src/detect/zscore.h"

namespace avocet {

std::span<const DetectorType> DetectorTypes() {
  static const std::array kTypes = {AutoType(),
                                    CusumType(),
                                    EwmaType(),
                                    ForecastBandType(),
                                    HalfSpaceTreesType(),
                                    HoltWintersType(),
                                    MadType(),
                                    MatrixProfileType(),
                                    MissingType(),
                                    PageHinkleyType(),
                                    RandomCutForestType(),
                                    RateOfChangeType(),
                                    StuckType(),
                                    T2Type(),
                                    ThresholdType(),
                                    ZScoreType()};
  return kTypes;
}

const DetectorType* FindDetectorType(std::string_view name) {
  const auto types = DetectorTypes();
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&](const DetectorType& type) { return type.spec.name == name; });
  return found == types.end() ? nullptr : &*found;
}

std::span<const DetectorSpec> DetectorSpecs() {
  static const std::vector<DetectorSpec> kSpecs = [] {
    std::vector<DetectorSpec> specs;
    for (const DetectorType& type : DetectorTypes()) specs.push_back(type.spec);
    return specs;
  }();
  return kSpecs;
}

}  // namespace avocet
