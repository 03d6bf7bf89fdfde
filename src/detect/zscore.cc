#include "src/detect/zscore.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/moments.h"
#include "src/detect/moments_window.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr DetectorParam kParams[] = {
    {"sigma", DetectorParam::Kind::kNumber, 3, 0.1, 1000,
     "Flag a reading more than so many standard deviations from the mean."},
    {"window", DetectorParam::Kind::kInteger, 0, 0, 1e6,
     "Compare with the last so many readings; 0: with all earlier readings."},
    {"min_samples", DetectorParam::Kind::kInteger, 30, 2, 1e9,
     "Judge only after so many earlier readings."},
    {"exclude_anomalies", DetectorParam::Kind::kBool, 0, 0, 1,
     "Do not learn from flagged readings."},
    {"warning", DetectorParam::Kind::kNumber, 3, 0, 1000,
     "From so many standard deviations on, the severity is warning; below it is info."},
    {"critical", DetectorParam::Kind::kNumber, 5, 0, 1000,
     "From so many standard deviations on, the severity is critical."},
};

constexpr DetectorSpec kSpec = {
    .name = "zscore",
    .summary = "A reading more than sigma standard deviations from the mean of earlier readings.",
    .source = "Shewhart 1931; running moments after Welford 1962, Technometrics 4(3)",
    .params = kParams,
};

// The judgement, whatever the moments are taken over.
class ZScoreLimits {
 public:
  ZScoreLimits(const DetectorParams& params, uint32_t window)
      : sigma_(params.Number("sigma")),
        warning_(params.Number("warning")),
        critical_(params.Number("critical")),
        // A cheap necessary condition, with room for its rounding errors.
        squared_limit_(sigma_ * sigma_ * (1 - 1e-9)),
        min_samples_(params.Integer("min_samples")),
        exclude_anomalies_(params.Bool("exclude_anomalies")),
        window_(window) {
    if (window_ != 0) min_samples_ = std::min(min_samples_, window_);
  }

  bool excludes_anomalies() const { return exclude_anomalies_; }

  /// `deviation` = earlier.Deviation(x).
  bool Judge(const Moments& earlier, double deviation, Anomaly* anomaly) const {
    if (earlier.count < min_samples_) return false;
    const double degrees = static_cast<double>(earlier.count - 1);
    // The second condition also holds when the square of the deviation is too small for a double.
    const bool candidate = (deviation * deviation * degrees > squared_limit_ * earlier.m2) ||
                           (earlier.m2 == 0 && deviation != 0);
    return candidate && Decide(earlier, deviation, anomaly);
  }

  /// Expectation and score of any reading.
  void Measure(const Moments& earlier, double deviation, Anomaly* anomaly) const {
    if (earlier.count >= min_samples_) Fill(earlier, deviation, anomaly);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string value = ReadingText(anomaly.value);
    if (anomaly.reason == "constant") {
      const std::string which =
          window_ == 0 ? "earlier readings" : fmt::format("last {} readings", window_);
      return Concatenated({metric_label, " was ", value, ", although all its ", which, " were ",
                           ReadingText(anomaly.expected)});
    }
    return Concatenated(
        {metric_label, " was ", value, ", ",
         DistanceText(anomaly, anomaly.score * sigma_, "standard deviations"), " its mean of ",
         ComputedText(anomaly.expected, anomaly.upper - anomaly.lower), BandText(anomaly)});
  }

 private:
  // Returns the standard deviation.
  double Fill(const Moments& earlier, double deviation, Anomaly* anomaly) const {
    const double std = earlier.Std();
    anomaly->expected = earlier.mean;
    anomaly->lower = earlier.mean - sigma_ * std;
    anomaly->upper = earlier.mean + sigma_ * std;
    anomaly->score = deviation == 0 ? 0
                     : std == 0     ? kUnscaledScore
                                    : std::abs(deviation / std) / sigma_;
    return std;
  }

  [[gnu::noinline]] bool Decide(const Moments& earlier, double deviation, Anomaly* anomaly) const {
    const double std = Fill(earlier, deviation, anomaly);
    if (std == 0) {
      anomaly->severity = Severity::kCritical;
      anomaly->reason = "constant";
      return true;
    }
    const double z = deviation / std;
    if (!(std::abs(z) > sigma_)) return false;
    anomaly->severity = std::abs(z) >= critical_  ? Severity::kCritical
                        : std::abs(z) >= warning_ ? Severity::kWarning
                                                  : Severity::kInfo;
    anomaly->reason = z > 0 ? "above_mean" : "below_mean";
    return true;
  }

  double sigma_, warning_, critical_, squared_limit_;
  uint32_t min_samples_;
  bool exclude_anomalies_;
  uint32_t window_;
};

class ZScoreRule {
 public:
  using State = Moments;
  static constexpr char kTag[] = "zscore/1";

  explicit ZScoreRule(const DetectorParams& params) : limits_(params, 0) {}

  static size_t block_size() { return 0; }

  bool Update(State& state, double*, int64_t, double x, Anomaly* anomaly) const {
    const double deviation = state.Deviation(x);
    const bool flagged = limits_.Judge(state, deviation, anomaly);
    if (!(flagged && limits_.excludes_anomalies()) && IsLearnable(x)) state.Add(x, deviation);
    return flagged;
  }

  void Measure(const State& state, const double*, int64_t, double x, Anomaly* anomaly) const {
    limits_.Measure(state, state.Deviation(x), anomaly);
  }

  static bool IsPlausible(const State& state, const double*) { return state.IsPlausible(); }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    return limits_.Explain(anomaly, metric_label);
  }

 private:
  ZScoreLimits limits_;
};

class WindowedZScoreRule {
 public:
  using State = MomentsWindow;
  static constexpr char kTag[] = "zscore_window/1";

  WindowedZScoreRule(const DetectorParams& params, uint32_t window)
      : window_(window), limits_(params, window) {}

  size_t block_size() const { return MomentsWindow::BlockSize(window_); }

  bool Update(State& state, double* block, int64_t, double x, Anomaly* anomaly) const {
    const Moments earlier = state.Current(block, window_);
    const bool flagged = limits_.Judge(earlier, earlier.Deviation(x), anomaly);
    if (!(flagged && limits_.excludes_anomalies()) && IsLearnable(x)) {
      state.Add(block, window_, x);
    }
    return flagged;
  }

  void Measure(const State& state, const double* block, int64_t, double x, Anomaly* anomaly) const {
    const Moments earlier = state.Current(block, window_);
    limits_.Measure(earlier, earlier.Deviation(x), anomaly);
  }

  bool IsPlausible(const State& state, const double* block) const {
    return state.IsPlausible(block, window_);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    return limits_.Explain(anomaly, metric_label);
  }

 private:
  uint32_t window_;
  ZScoreLimits limits_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  const DetectorParams params(config, kSpec);
  const uint32_t window = params.Integer("window");
  if (window == 0) {
    return std::make_unique<SeriesDetector<ZScoreRule>>(ZScoreRule(params), config, metrics);
  }
  // One reading has no spread.
  return std::make_unique<SeriesDetector<WindowedZScoreRule>>(
      WindowedZScoreRule(params, std::max(window, uint32_t{2})), config, metrics);
}

}  // namespace

const DetectorType& ZScoreType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
