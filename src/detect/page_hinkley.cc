#include "src/detect/page_hinkley.h"

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
// Of the limit, for one reading.
constexpr double kLargestStep = 0.9;

constexpr DetectorParam kParams[] = {
    {"tolerance", DetectorParam::Kind::kNumber, 0.5, 0, 100,
     "Deviations that the mean may move without adding to the sums."},
    {"limit", DetectorParam::Kind::kNumber, 50, 0.1, 1e6,
     "Flag when a sum has moved by so many standard deviations."},
    {"fade", DetectorParam::Kind::kNumber, 0.9999, 0.5, 1,
     "What is left of the sums after each reading."},
    {"min_samples", DetectorParam::Kind::kInteger, 100, 2, 1e9,
     "Judge only after so many readings since the last change."},
    {"deviation", DetectorParam::Kind::kNumber, kUnset, 1e-50, 1e50,
     "The standard deviation, instead of a learned one."},
};

constexpr DetectorSpec kSpec = {
    .name = "page_hinkley",
    .summary = "A mean that has changed, by the Page-Hinkley test.",
    .source =
        "Page 1954, Biometrika 41(1/2); Hinkley 1971, Biometrika 58(3); fading after Mouss "
        "et al. 2004, Asian Control Conference",
    .params = kParams,
};

class PageHinkleyRule {
 public:
  struct State {
    Moments learned;
    double rise = 0, least_rise = 0;
    double fall = 0, most_fall = 0;
  };
  static_assert(sizeof(State) == 56);
  static constexpr char kTag[] = "page_hinkley/1";

  explicit PageHinkleyRule(const DetectorParams& params)
      : tolerance_(params.Number("tolerance")),
        limit_(params.Number("limit")),
        fade_(params.Number("fade")),
        min_samples_(params.Integer("min_samples")),
        deviation_(params.Number("deviation")) {}

  static size_t block_size() { return 0; }

  bool Update(State& state, double*, int64_t, double x, Anomaly* anomaly) const {
    if (!IsLearnable(x)) return false;
    state.learned.Add(x);
    if (state.learned.count < 2) {
      // The first reading is its own mean; only the tolerance moves the sums.
      Move(state, 0);
      return false;
    }
    const double deviation = std::isnan(deviation_) ? state.learned.Std() : deviation_;
    if (deviation == 0) {
      Move(state, 0);
      return false;
    }
    Move(state, state.learned.Deviation(x) / deviation);
    if (state.learned.count < min_samples_) return false;
    const double risen = state.rise - state.least_rise;
    const double fallen = state.most_fall - state.fall;
    anomaly->expected = state.learned.mean;
    anomaly->lower = anomaly->upper = kUnset;
    anomaly->score = std::max(risen, fallen) / limit_;
    if (!(anomaly->score > 1)) return false;
    anomaly->severity = Severity::kWarning;
    anomaly->reason = risen > fallen ? "mean_rose" : "mean_fell";
    state = {};
    return true;
  }

  static bool IsPlausible(const State& state, const double*) {
    return state.learned.IsPlausible() && std::isfinite(state.rise) &&
           std::isfinite(state.least_rise) && std::isfinite(state.fall) &&
           std::isfinite(state.most_fall);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    return fmt::format(
        "the mean of {} {}: it was {:.6g} since the last change and readings have "
        "moved away from it, now to {}",
        metric_label, anomaly.reason == "mean_rose" ? "rose" : "fell", anomaly.expected,
        ReadingText(anomaly.value));
  }

 private:
  void Move(State& state, double distance) const {
    const double step = std::clamp(distance, -kLargestStep * limit_, kLargestStep * limit_);
    state.rise = fade_ * state.rise + step - tolerance_;
    state.fall = fade_ * state.fall + step + tolerance_;
    state.least_rise = std::min(state.least_rise, state.rise);
    state.most_fall = std::max(state.most_fall, state.fall);
  }

  double tolerance_, limit_, fade_;
  uint32_t min_samples_;
  double deviation_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<PageHinkleyRule>>(
      PageHinkleyRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& PageHinkleyType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
