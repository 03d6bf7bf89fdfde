#include "src/detect/threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();
constexpr double kMax = std::numeric_limits<double>::max();

constexpr DetectorParam kParams[] = {
    {"min", DetectorParam::Kind::kNumber, kUnset, -kMax, kMax, "A reading below is critical."},
    {"max", DetectorParam::Kind::kNumber, kUnset, -kMax, kMax, "A reading above is critical."},
    {"warn_min", DetectorParam::Kind::kNumber, kUnset, -kMax, kMax,
     "A reading below is a warning."},
    {"warn_max", DetectorParam::Kind::kNumber, kUnset, -kMax, kMax,
     "A reading above is a warning."},
};
constexpr std::string_view kOneOf[] = {"min", "max", "warn_min", "warn_max"};

constexpr DetectorSpec kSpec = {
    .name = "threshold",
    .summary = "A reading outside fixed limits.",
    .source = "",
    .params = kParams,
    .one_of = kOneOf,
};

struct Limits {
  double min = kUnset, max = kUnset;

  // Comparisons with NaN, an unset limit, are false.
  bool Breached(double x) const { return x < min || x > max; }

  bool AnySet() const { return !std::isnan(min) || !std::isnan(max); }

  // 1 on the limit, 2 when as far outside as the limits are apart (or as the limit is from 0), less
  // inside. REQUIRES: AnySet().
  double Score(double x) const {
    const double limit = std::isnan(min) || x - max > min - x ? max : min;
    double span = max - min;
    if (!(span > 0)) span = std::abs(limit);
    const double outside = std::fmax(x - max, min - x);
    return std::max(0.0, 1 + outside / (span > 0 ? span : 1));
  }
};

class ThresholdRule {
 public:
  struct State {};
  static constexpr char kTag[] = "threshold/1";

  explicit ThresholdRule(const DetectorParams& params)
      : critical_{params.Number("min"), params.Number("max")},
        warning_{params.Number("warn_min"), params.Number("warn_max")} {}

  static size_t block_size() { return 0; }

  bool Update(State&, double*, int64_t, double x, Anomaly* anomaly) const {
    if (critical_.Breached(x)) {
      const bool above = x > critical_.max;
      Fill(critical_, x, Severity::kCritical, above ? "above_max" : "below_min", anomaly);
      return true;
    }
    if (warning_.Breached(x)) {
      const bool above = x > warning_.max;
      Fill(warning_, x, Severity::kWarning, above ? "above_warn_max" : "below_warn_min", anomaly);
      return true;
    }
    return false;
  }

  void Measure(const State&, const double*, int64_t, double x, Anomaly* anomaly) const {
    const bool warning = !critical_.Breached(x) && warning_.AnySet();
    const Limits& limits = warning ? warning_ : critical_;
    if (limits.AnySet()) Fill(limits, x, Severity::kWarning, {}, anomaly);
  }

  static bool IsPlausible(const State&, const double*) { return true; }

  static std::string Explain(const Anomaly& anomaly, std::string_view metric_label) {
    const bool above = anomaly.value > anomaly.upper;
    const bool critical = anomaly.severity == Severity::kCritical;
    return fmt::format("{} was {}, {} {} {}", metric_label, ReadingText(anomaly.value),
                       above ? "above the" : "below the",
                       critical ? "limit of" : "warning limit of",
                       ReadingText(above ? anomaly.upper : anomaly.lower));
  }

 private:
  static void Fill(const Limits& limits, double x, Severity severity, std::string_view reason,
                   Anomaly* anomaly) {
    anomaly->expected = kUnset;
    anomaly->lower = limits.min;
    anomaly->upper = limits.max;
    anomaly->score = limits.Score(x);
    anomaly->severity = severity;
    anomaly->reason = reason;
  }

  Limits critical_, warning_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<ThresholdRule>>(
      ThresholdRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& ThresholdType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
