#include "src/detect/matrix_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();
constexpr uint32_t kLongestHistory = 4096;
constexpr uint32_t kLeastHistory = 4;     // lengths
constexpr double kLeastDeviation = 0.02;  // of sqrt(length)
constexpr uint32_t kSlowest = 2000;       // distances that the mean is over, at most

constexpr DetectorParam kParams[] = {
    {"length", DetectorParam::Kind::kInteger, 32, 4, 256, "Readings of the stretch."},
    {"history", DetectorParam::Kind::kInteger, 512, 32, kLongestHistory,
     "Readings that the stretch is compared with; at least four times length is used."},
    {"sigma", DetectorParam::Kind::kNumber, 6, 0.5, 100,
     "Flag a distance so many deviations above the mean of those before."},
    {"min_samples", DetectorParam::Kind::kInteger, 200, 2, 1e6,
     "Distances that are learned before any is flagged."},
};

constexpr DetectorSpec kSpec = {
    .name = "matrix_profile",
    .summary = "A stretch of readings with a shape that none before it had.",
    .source = "Yeh and others 2016, Matrix Profile I, ICDM; Zhu and others 2018, Matrix Profile XI",
    .params = kParams,
};

class MatrixProfileRule {
 public:
  struct State {
    double mean = 0, variance = 0;  // of the distances
    uint32_t readings = 0;          // in the history
    uint32_t next = 0;              // place of the next reading
    uint32_t distances = 0;         // learned
    uint32_t silent = 0;            // readings until there may be another anomaly
  };
  static_assert(sizeof(State) == 32);
  static constexpr char kTag[] = "matrix_profile/1";

  explicit MatrixProfileRule(const DetectorParams& params)
      : length_(params.Integer("length")),
        history_(std::min(std::max(params.Integer("history"), kLeastHistory * length_),
                          kLongestHistory)),
        overlap_((length_ + 3) / 4),
        sigma_(params.Number("sigma")),
        min_samples_(params.Integer("min_samples")) {}

  // The readings as a ring, then the deviation of the stretch that ends with each.
  size_t block_size() const { return 2 * size_t{history_}; }

  bool Update(State& state, double* block, int64_t, double x, Anomaly* anomaly) const {
    anomaly->expected = anomaly->lower = anomaly->upper = kUnset;
    anomaly->score = 0;
    if (!IsLearnable(x)) return false;
    block[state.next] = x;
    state.readings = std::min(state.readings + 1, history_);
    const double distance = Nearest(state, block);
    state.next = (state.next + 1) % history_;
    const bool speaks = state.silent == 0;
    if (!speaks) --state.silent;
    // In a short history even an ordinary stretch has no near one.
    if (std::isnan(distance) || state.readings < kLeastHistory * length_) return false;
    return Judge(state, distance, speaks, anomaly);
  }

  bool IsPlausible(const State& state, const double* block) const {
    if (block == nullptr) return state.readings == 0 && state.next == 0;
    const auto is_number = [](double value) { return IsLearnable(value); };
    return std::all_of(block, block + block_size(), is_number) && state.mean >= 0 &&
           state.mean <= MostDistant() && state.variance >= 0 && state.variance <= 4.0 * length_ &&
           state.readings <= history_ && state.next < history_ &&
           (state.readings == history_ || state.next == state.readings) && state.silent <= length_;
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    return fmt::format(
        "the course of the last {} readings of {} is unlike any in the {} before, {} times as far "
        "from the nearest as is tolerated",
        length_, metric_label, history_, RatioText(anomaly.score));
  }

 private:
  using Values = std::array<double, kLongestHistory>;

  double MostDistant() const { return 2 * std::sqrt(static_cast<double>(length_)); }

  bool Judge(State& state, double distance, bool speaks, Anomaly* anomaly) const {
    const double least = kLeastDeviation * std::sqrt(static_cast<double>(length_));
    const double tolerated = sigma_ * std::max(std::sqrt(state.variance), least);
    const double excess = distance - state.mean;
    const bool judges = state.distances >= min_samples_;
    if (judges) anomaly->score = std::max(0.0, excess / tolerated);
    state.distances += state.distances != UINT32_MAX;
    const double rate = 1.0 / std::min(state.distances, kSlowest);
    const double learned = judges ? std::min(excess, tolerated) : excess;
    state.mean += rate * learned;
    state.variance += rate * ((1 - rate) * learned * learned - state.variance);
    if (!(anomaly->score > 1)) return false;
    state.silent = length_;
    if (!speaks) return false;
    anomaly->severity = Severity::kWarning;
    anomaly->reason = "discord";
    return true;
  }

  // The distance of the stretch that ends with the reading just added from the nearest one before,
  // NaN when there is none. Keeps its deviation for those that follow.
  double Nearest(const State& state, double* block) const {
    double* deviations = block + history_;
    Values values, spreads;  // oldest first
    const uint32_t oldest = state.readings == history_ ? (state.next + 1) % history_ : 0;
    const auto unroll = [&](const double* ring, Values* straight) {
      const uint32_t tail = state.readings - oldest;
      std::copy(ring + oldest, ring + oldest + tail, straight->begin());
      std::copy(ring, ring + (state.readings - tail), straight->begin() + tail);
    };
    if (state.readings < length_) {
      deviations[state.next] = 0;
      return kUnset;
    }
    unroll(block, &values);
    const uint32_t begin = state.readings - length_;  // of the stretch
    const double deviation = Standardise(&values, begin);
    deviations[state.next] = deviation;
    // The last that overlaps little enough begins one before this.
    if (begin <= overlap_) return kUnset;
    const uint32_t candidates = begin - overlap_;
    unroll(deviations, &spreads);
    return std::sqrt(NearestSquare(values, spreads, begin, candidates, deviation));
  }

  // Subtracts the mean of the stretch from all values; its deviation.
  double Standardise(Values* values, uint32_t begin) const {
    const auto stretch = values->begin() + begin;
    const double first = *stretch;
    const auto is_first = [first](double value) { return value == first; };
    if (std::all_of(stretch, stretch + length_, is_first)) return 0;  // exactly, whatever it is
    double mean = 0;
    for (uint32_t k = 0; k < length_; ++k) mean += stretch[k] / length_;
    for (uint32_t i = 0; i < begin + length_; ++i) (*values)[i] -= mean;
    double square = 0;
    for (uint32_t k = 0; k < length_; ++k) square += stretch[k] * stretch[k] / length_;
    return std::sqrt(square);
  }

  double NearestSquare(const Values& values, const Values& spreads, uint32_t begin,
                       uint32_t candidates, double deviation) const {
    Values products;  // of the stretch with each candidate: their covariance, times length
    std::fill_n(products.begin(), candidates, 0.0);
    for (uint32_t k = 0; k < length_; ++k) {
      const double factor = values[begin + k];
      const double* shifted = values.data() + k;
      for (uint32_t i = 0; i < candidates; ++i) products[i] += factor * shifted[i];
    }
    const double length = length_;
    double nearest = std::numeric_limits<double>::infinity();
    for (uint32_t i = 0; i < candidates; ++i) {
      const double spread = spreads[i + length_ - 1];
      double square = length;  // a constant and another course
      if (deviation > 0 && spread > 0) {
        // One after the other: the product of both deviations may be too small for a double.
        const double correlation = products[i] / (length * deviation) / spread;
        square = 2 * length * (1 - std::clamp(correlation, -1.0, 1.0));
      } else if (deviation == spread) {
        square = 0;
      }
      nearest = std::min(nearest, square);
    }
    return nearest;
  }

  uint32_t length_, history_, overlap_;
  double sigma_;
  uint32_t min_samples_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<MatrixProfileRule>>(
      MatrixProfileRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& MatrixProfileType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
