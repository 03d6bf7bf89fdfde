#include "src/detect/rate_of_change.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();
constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kMicrosPerSecond = 1e6;

constexpr DetectorParam kParams[] = {
    {"max_per_second", DetectorParam::Kind::kNumber, kUnset, 1e-12, kMax,
     "Flag a faster change, in units of the metric per second."},
    {"critical_per_second", DetectorParam::Kind::kNumber, kUnset, 1e-12, kMax,
     "From this rate on, the severity is critical; not set: always warning."},
    {"rising", DetectorParam::Kind::kBool, 1, 0, 1, "Watch rises."},
    {"falling", DetectorParam::Kind::kBool, 1, 0, 1, "Watch falls."},
};
constexpr std::string_view kOneOf[] = {"max_per_second"};

constexpr DetectorSpec kSpec = {
    .name = "rate_of_change",
    .summary = "A series that rises or falls faster than a fixed rate.",
    .source = "",
    .params = kParams,
    .one_of = kOneOf,
};

class RateOfChangeRule {
 public:
  struct State {
    double value = 0;
    int64_t time_us = kNoTime;
  };
  static_assert(sizeof(State) == 16);
  static constexpr char kTag[] = "rate_of_change/1";

  explicit RateOfChangeRule(const DetectorParams& params)
      : max_(params.Number("max_per_second")),
        critical_(params.Number("critical_per_second")),
        rising_(params.Bool("rising")),
        falling_(params.Bool("falling")) {}

  static size_t block_size() { return 0; }

  bool Update(State& state, double*, int64_t time_us, double x, Anomaly* anomaly) const {
    bool flagged = false;
    if (state.time_us != kNoTime && time_us > state.time_us) {
      const double seconds = Seconds(state, time_us);
      const double rate = (x - state.value) / seconds;
      // False for an unset limit.
      if (std::abs(rate) > max_) flagged = Decide(state.value, rate, seconds, anomaly);
    }
    state = {x, time_us};
    return flagged;
  }

  void Measure(const State& state, const double*, int64_t time_us, double x,
               Anomaly* anomaly) const {
    if (state.time_us == kNoTime || time_us <= state.time_us) return;
    const double seconds = Seconds(state, time_us);
    const double rate = (x - state.value) / seconds;
    Fill(state.value, rate, seconds, anomaly);
    // A direction that is not watched, or no limit at all: ordinary.
    if ((rate > 0 ? !rising_ : !falling_) || std::isnan(max_)) anomaly->score = 0;
  }

  static bool IsPlausible(const State& state, const double*) { return std::isfinite(state.value); }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    return fmt::format("{} {} from {} to {}, by {:.4g} per second where at most {:.4g} is expected",
                       metric_label, anomaly.value > anomaly.expected ? "rose" : "fell",
                       ReadingText(anomaly.expected), ReadingText(anomaly.value),
                       anomaly.score * max_, max_);
  }

 private:
  static constexpr int64_t kNoTime = INT64_MIN;

  static double Seconds(const State& state, int64_t time_us) {
    return (static_cast<double>(time_us) - static_cast<double>(state.time_us)) / kMicrosPerSecond;
  }

  void Fill(double previous, double rate, double seconds, Anomaly* anomaly) const {
    anomaly->expected = previous;
    anomaly->lower = falling_ ? previous - max_ * seconds : kUnset;
    anomaly->upper = rising_ ? previous + max_ * seconds : kUnset;
    anomaly->score = std::abs(rate) / max_;
  }

  bool Decide(double previous, double rate, double seconds, Anomaly* anomaly) const {
    if (rate > 0 ? !rising_ : !falling_) return false;
    Fill(previous, rate, seconds, anomaly);
    anomaly->severity = std::abs(rate) >= critical_ ? Severity::kCritical : Severity::kWarning;
    anomaly->reason = rate > 0 ? "rose_too_fast" : "fell_too_fast";
    return true;
  }

  double max_, critical_;
  bool rising_, falling_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<RateOfChangeRule>>(
      RateOfChangeRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& RateOfChangeType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
