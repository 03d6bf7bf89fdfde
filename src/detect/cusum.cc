#include "src/detect/cusum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/moments.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();
constexpr double kMax = 1e50;
// Of the limit, for one reading.
constexpr double kLargestStep = 0.9;

constexpr DetectorParam kParams[] = {
    {"slack", DetectorParam::Kind::kNumber, 0.5, 0, 100,
     "Deviations that a reading may be off without adding to the sum: half of the shift to find."},
    {"limit", DetectorParam::Kind::kNumber, 12, 0.1, 1e6,
     "Flag when the sum exceeds so many standard deviations."},
    {"min_samples", DetectorParam::Kind::kInteger, 100, 2, 1e9,
     "Learn mean and deviation from so many readings."},
    {"mean", DetectorParam::Kind::kNumber, kUnset, -kMax, kMax,
     "The mean to hold, instead of a learned one; needs deviation."},
    {"deviation", DetectorParam::Kind::kNumber, kUnset, 1e-50, kMax,
     "The standard deviation, instead of a learned one; needs mean."},
};

constexpr DetectorSpec kSpec = {
    .name = "cusum",
    .summary = "A level that has shifted a little and stays there, by cumulative sums.",
    .source =
        "Page 1954, Biometrika 41(1/2); tabular form after Montgomery, Statistical Quality "
        "Control, ch. 9",
    .params = kParams,
};

class CusumRule {
 public:
  struct State {
    Moments learned;
    double up = 0;
    double down = 0;
  };
  static_assert(sizeof(State) == 40);
  static constexpr char kTag[] = "cusum/1";

  explicit CusumRule(const DetectorParams& params)
      : slack_(params.Number("slack")),
        limit_(params.Number("limit")),
        min_samples_(params.Integer("min_samples")),
        mean_(params.Number("mean")),
        deviation_(params.Number("deviation")),
        given_(!std::isnan(mean_) && !std::isnan(deviation_)) {}

  static size_t block_size() { return 0; }

  bool Update(State& state, double*, int64_t, double x, Anomaly* anomaly) const {
    if (!IsLearnable(x)) return false;
    if (!given_ && state.learned.count < min_samples_) {
      state.learned.Add(x);
      return false;
    }
    const double mean = given_ ? mean_ : state.learned.mean;
    const double deviation = given_ ? deviation_ : state.learned.Std();
    const double distance = given_ ? x - mean_ : state.learned.Deviation(x);
    if (deviation == 0) return JudgeConstant(state, distance, anomaly);
    anomaly->expected = mean;
    anomaly->lower = mean - (limit_ + slack_ - state.down) * deviation;
    anomaly->upper = mean + (limit_ + slack_ - state.up) * deviation;
    const double z = distance / deviation;
    const double step = kLargestStep * limit_;
    state.up = std::max(0.0, state.up + std::min(z - slack_, step));
    state.down = std::max(0.0, state.down + std::min(-z - slack_, step));
    anomaly->score = std::max(state.up, state.down) / limit_;
    if (!(anomaly->score > 1)) return false;
    anomaly->severity = Severity::kWarning;
    anomaly->reason = state.up > state.down ? "shifted_up" : "shifted_down";
    state = {};
    return true;
  }

  static bool IsPlausible(const State& state, const double*) {
    return state.learned.IsPlausible() && state.up >= 0 && state.down >= 0 &&
           std::isfinite(state.up) && std::isfinite(state.down);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string reading = fmt::format("{} was {}", metric_label, ReadingText(anomaly.value));
    if (anomaly.reason == "constant") {
      return fmt::format("{}, although the {} readings it was learned from were all {}", reading,
                         min_samples_, ReadingText(anomaly.expected));
    }
    const bool up = anomaly.reason == "shifted_up";
    return fmt::format(
        "{}, and has for some time been {} its {} mean of {}: the sum of what "
        "readings are off reached {} standard deviations where {} are allowed",
        reading, up ? "above" : "below", given_ ? "given" : "learned",
        ComputedText(anomaly.expected, anomaly.upper - anomaly.lower),
        RatioText(anomaly.score * limit_), RatioText(limit_));
  }

 private:
  static bool JudgeConstant(State& state, double distance, Anomaly* anomaly) {
    anomaly->expected = anomaly->lower = anomaly->upper = state.learned.mean;
    anomaly->score = distance == 0 ? 0 : kUnscaledScore;
    if (distance == 0) return false;
    anomaly->severity = Severity::kWarning;
    anomaly->reason = "constant";
    state = {};
    return true;
  }

  double slack_, limit_;
  uint32_t min_samples_;
  double mean_, deviation_;
  bool given_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<CusumRule>>(CusumRule(DetectorParams(config, kSpec)),
                                                     config, metrics);
}

}  // namespace

const DetectorType& CusumType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
