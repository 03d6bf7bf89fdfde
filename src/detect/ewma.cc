#include "src/detect/ewma.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr DetectorParam kParams[] = {
    {"alpha", DetectorParam::Kind::kNumber, 0.05, 1e-6, 1,
     "Weight of the newest reading; 1/alpha readings are about the memory."},
    {"sigma", DetectorParam::Kind::kNumber, 5, 0.1, 1000,
     "Flag a reading more than so many standard deviations from the weighted mean."},
    {"critical", DetectorParam::Kind::kNumber, 8, 0, 1000,
     "From so many standard deviations on, the severity is critical; below it is warning."},
    {"min_samples", DetectorParam::Kind::kInteger, 30, 2, 1e9,
     "Judge only after so many earlier readings."},
};

constexpr DetectorSpec kSpec = {
    .name = "ewma",
    .summary = "A reading far from the exponentially weighted mean of earlier readings.",
    .source =
        "Roberts 1959, Technometrics 1(3); moving centre line after Montgomery and "
        "Mastrangelo 1991, Journal of Quality Technology 23(3)",
    .params = kParams,
};

class EwmaRule {
 public:
  struct State {
    double mean = 0;
    double variance = 0;
    uint64_t count = 0;
  };
  static_assert(sizeof(State) == 24);
  static constexpr char kTag[] = "ewma/1";

  explicit EwmaRule(const DetectorParams& params)
      : alpha_(params.Number("alpha")),
        sigma_(params.Number("sigma")),
        critical_(params.Number("critical")),
        min_samples_(params.Integer("min_samples")) {}

  static size_t block_size() { return 0; }

  bool Update(State& state, double*, int64_t, double x, Anomaly* anomaly) const {
    double learned = x - state.mean;
    const double difference = learned;
    bool flagged = false;
    if (state.count >= min_samples_ &&
        difference * difference > sigma_ * sigma_ * (1 - 1e-9) * state.variance &&
        Decide(state, difference, anomaly)) [[unlikely]] {
      flagged = true;
      const double limit = sigma_ * std::sqrt(state.variance);
      if (limit > 0) learned = std::copysign(limit, difference);
    }
    if (IsLearnable(x)) Learn(state, learned);
    return flagged;
  }

  void Measure(const State& state, const double*, int64_t, double x, Anomaly* anomaly) const {
    if (state.count >= min_samples_) Fill(state, x - state.mean, anomaly);
  }

  static bool IsPlausible(const State& state, const double*) {
    return IsLearnable(state.mean) && state.variance >= 0 && std::isfinite(state.variance);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string reading = fmt::format("{} was {}", metric_label, ReadingText(anomaly.value));
    if (anomaly.reason == "constant") {
      return fmt::format("{}, although all its earlier readings were {}", reading,
                         ReadingText(anomaly.expected));
    }
    return fmt::format("{}, {} its recent mean of {}{}", reading,
                       DistanceText(anomaly, anomaly.score * sigma_, "standard deviations"),
                       ComputedText(anomaly.expected, anomaly.upper - anomaly.lower),
                       BandText(anomaly));
  }

 private:
  void Learn(State& state, double difference) const {
    ++state.count;
    const double k = std::max(alpha_, 1 / static_cast<double>(state.count));
    const double increment = k * difference;
    state.mean += increment;
    state.variance = (1 - k) * (state.variance + difference * increment);
  }

  // Returns the standard deviation.
  double Fill(const State& state, double difference, Anomaly* anomaly) const {
    const double std = std::sqrt(state.variance);
    anomaly->expected = state.mean;
    anomaly->lower = state.mean - sigma_ * std;
    anomaly->upper = state.mean + sigma_ * std;
    anomaly->score = difference == 0 ? 0
                     : std == 0      ? kUnscaledScore
                                     : std::abs(difference) / std / sigma_;
    return std;
  }

  [[gnu::noinline]] bool Decide(const State& state, double difference, Anomaly* anomaly) const {
    const double std = Fill(state, difference, anomaly);
    if (std == 0) {
      anomaly->severity = Severity::kCritical;
      anomaly->reason = "constant";
      return true;
    }
    const double multiple = std::abs(difference) / std;
    if (!(multiple > sigma_)) return false;
    anomaly->severity = multiple >= critical_ ? Severity::kCritical : Severity::kWarning;
    anomaly->reason = difference > 0 ? "above_mean" : "below_mean";
    return true;
  }

  double alpha_, sigma_, critical_;
  uint32_t min_samples_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<EwmaRule>>(EwmaRule(DetectorParams(config, kSpec)), config,
                                                    metrics);
}

}  // namespace

const DetectorType& EwmaType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
