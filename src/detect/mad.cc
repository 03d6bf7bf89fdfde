#include "src/detect/mad.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"
#include "src/detect/sorted_window.h"

namespace avocet {
namespace {

// Both make the deviation comparable with a standard deviation of normal readings.
constexpr double kMedianDeviationScale = 1.4826;
constexpr double kMeanDeviationScale = 1.253314;

constexpr DetectorParam kParams[] = {
    {"window", DetectorParam::Kind::kInteger, 120, 3, 10'000,
     "Compare with the last so many readings."},
    {"threshold", DetectorParam::Kind::kNumber, 3.5, 0.1, 1000,
     "Flag a reading more than so many robust standard deviations from the median."},
    {"critical", DetectorParam::Kind::kNumber, 7, 0, 1000,
     "From so many robust standard deviations on, the severity is critical; below it is warning."},
    {"min_samples", DetectorParam::Kind::kInteger, 30, 2, 10'000,
     "Judge only after so many earlier readings; at most the window."},
};

constexpr DetectorSpec kSpec = {
    .name = "mad",
    .summary =
        "A reading far from the median of the last readings, measured by their median "
        "absolute deviation.",
    .source = "Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers",
    .params = kParams,
};

class MadRule {
 public:
  struct State {
    uint32_t count = 0;  // readings in the window
    uint32_t next = 0;   // place of the oldest one in the ring once it is full
  };
  static_assert(sizeof(State) == 8);
  static constexpr char kTag[] = "mad/1";

  explicit MadRule(const DetectorParams& params)
      : window_(params.Integer("window")),
        min_samples_(std::min(params.Integer("min_samples"), window_)),
        threshold_(params.Number("threshold")),
        critical_(params.Number("critical")) {}

  // The readings in order of arrival as a ring, then the same readings sorted.
  size_t block_size() const { return size_t{2} * window_; }

  bool Update(State& state, double* block, int64_t, double x, Anomaly* anomaly) const {
    const bool flagged = state.count >= min_samples_ &&
                         Judge(std::span<const double>(block + window_, state.count), x, anomaly);
    if (IsLearnable(x)) Learn(state, block, x);
    return flagged;
  }

  void Measure(const State& state, const double* block, int64_t, double x, Anomaly* anomaly) const {
    if (state.count < min_samples_) return;
    Fill(std::span<const double>(block + window_, state.count), x, anomaly);
  }

  bool IsPlausible(const State& state, const double* block) const {
    if (state.count > window_ || state.next >= window_) return false;
    if (state.count < window_ && state.next != state.count) return false;
    if (block == nullptr) return state.count == 0;
    const std::span<const double> ring(block, state.count);
    const std::span<const double> sorted(block + window_, state.count);
    return std::all_of(ring.begin(), ring.end(), IsLearnable) && IsPermutation(ring, sorted);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string reading = fmt::format("{} was {}", metric_label, ReadingText(anomaly.value));
    if (anomaly.reason == "constant") {
      return fmt::format("{}, although all its last {} readings were {}", reading, window_,
                         ReadingText(anomaly.expected));
    }
    return fmt::format(
        "{}, {} its median of {}{}", reading,
        DistanceText(anomaly, anomaly.score * threshold_, "robust standard deviations"),
        ComputedText(anomaly.expected, anomaly.upper - anomaly.lower), BandText(anomaly));
  }

 private:
  static bool IsPermutation(std::span<const double> ring, std::span<const double> sorted) {
    std::vector<double> copy(ring.begin(), ring.end());
    std::sort(copy.begin(), copy.end());
    return std::equal(copy.begin(), copy.end(), sorted.begin());
  }

  bool Judge(std::span<const double> sorted, double x, Anomaly* anomaly) const {
    const double scale = Fill(sorted, x, anomaly);
    const double distance = std::abs(x - anomaly->expected);
    if (!(distance > threshold_ * scale)) return false;
    if (scale == 0) {
      anomaly->severity = Severity::kCritical;
      anomaly->reason = "constant";
      return true;
    }
    anomaly->severity = distance >= critical_ * scale ? Severity::kCritical : Severity::kWarning;
    anomaly->reason = x > anomaly->expected ? "above_median" : "below_median";
    return true;
  }

  // Returns the robust deviation.
  double Fill(std::span<const double> sorted, double x, Anomaly* anomaly) const {
    const double median = Median(sorted);
    double scale = kMedianDeviationScale * MedianDeviation(sorted, median);
    if (scale == 0 && x != median) scale = kMeanDeviationScale * MeanDeviation(sorted, median);
    const double distance = std::abs(x - median);
    anomaly->expected = median;
    anomaly->lower = median - threshold_ * scale;
    anomaly->upper = median + threshold_ * scale;
    anomaly->score = distance == 0 ? 0
                     : scale == 0  ? kUnscaledScore
                                   : distance / scale / threshold_;
    return scale;
  }

  void Learn(State& state, double* block, double x) const {
    double* sorted = block + window_;
    double& place = block[state.next];
    if (state.count < window_) {
      InsertSorted(sorted, state.count, x);
      ++state.count;
    } else {
      ReplaceSorted(std::span<double>(sorted, window_), place, x);
    }
    place = x;
    state.next = state.next + 1 == window_ ? 0 : state.next + 1;
  }

  uint32_t window_, min_samples_;
  double threshold_, critical_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<MadRule>>(MadRule(DetectorParams(config, kSpec)), config,
                                                   metrics);
}

}  // namespace

const DetectorType& MadType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
