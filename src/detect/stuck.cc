#include "src/detect/stuck.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/time_format.h"
#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

constexpr DetectorParam kParams[] = {
    {"duration", DetectorParam::Kind::kDuration, 600, 0, 86400.0 * 365,
     "Flag a value that has not changed for so long."},
    {"min_samples", DetectorParam::Kind::kInteger, 10, 2, 1e9,
     "The run must also have so many readings."},
    {"tolerance", DetectorParam::Kind::kNumber, 0, 0, 1e50,
     "Changes from the first value of the run up to this size do not end it."},
};

constexpr DetectorSpec kSpec = {
    .name = "stuck",
    .summary = "A series that repeats the same value for too long.",
    .source = "",
    .params = kParams,
};

class StuckRule {
 public:
  struct State {
    double value = 0;  // of the first reading of the run
    int64_t since_us = 0;
    uint32_t count = 0;  // readings of the run; 0: no reading yet
    uint32_t flagged = 0;
  };
  static_assert(sizeof(State) == 24);
  static constexpr char kTag[] = "stuck/1";

  explicit StuckRule(const DetectorParams& params)
      : duration_us_(params.DurationUs("duration")),
        min_samples_(params.Integer("min_samples")),
        tolerance_(params.Number("tolerance")) {}

  static size_t block_size() { return 0; }

  bool Update(State& state, double*, int64_t time_us, double x, Anomaly* anomaly) const {
    if (state.count == 0 || !(std::abs(x - state.value) <= tolerance_)) {
      state = {.value = x, .since_us = time_us, .count = 1, .flagged = 0};
      return false;
    }
    state.count += state.count != UINT32_MAX;
    if (state.flagged != 0 || state.count < min_samples_) return false;
    const int64_t lasted_us = Lasted(state, time_us);
    if (lasted_us < duration_us_) return false;
    state.flagged = 1;
    Fill(state, lasted_us, anomaly);
    return true;
  }

  void Measure(const State& state, const double*, int64_t time_us, double x,
               Anomaly* anomaly) const {
    if (state.count == 0 || !(std::abs(x - state.value) <= tolerance_)) return;
    State longer = state;
    longer.count += longer.count != UINT32_MAX;
    Fill(longer, Lasted(state, time_us), anomaly);
  }

  static bool IsPlausible(const State& state, const double*) {
    return std::isfinite(state.value) && state.flagged <= 1;
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string_view verb = tolerance_ > 0 ? "stayed close to" : "was exactly";
    return fmt::format("{} {} {} for at least {} and {} readings", metric_label, verb,
                       ReadingText(anomaly.expected), FormatDuration(duration_us_), min_samples_);
  }

 private:
  static int64_t Lasted(const State& state, int64_t time_us) {
    int64_t lasted_us = 0;
    if (__builtin_sub_overflow(time_us, state.since_us, &lasted_us)) lasted_us = INT64_MAX;
    return lasted_us;
  }

  void Fill(const State& state, int64_t lasted_us, Anomaly* anomaly) const {
    const double readings = static_cast<double>(state.count) / min_samples_;
    const double time = duration_us_ == 0
                            ? readings
                            : static_cast<double>(lasted_us) / static_cast<double>(duration_us_);
    anomaly->expected = state.value;
    anomaly->lower = anomaly->upper = kUnknown;
    anomaly->score = std::min(readings, time);
    anomaly->severity = Severity::kWarning;
    anomaly->reason = "stuck";
  }

  int64_t duration_us_;
  uint32_t min_samples_;
  double tolerance_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<StuckRule>>(StuckRule(DetectorParams(config, kSpec)),
                                                     config, metrics);
}

}  // namespace

const DetectorType& StuckType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
