#include "src/detect/holt_winters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr DetectorParam kParams[] = {
    {"season", DetectorParam::Kind::kDuration, 86400, 1, 86400.0 * 366, "Length of the season."},
    {"buckets", DetectorParam::Kind::kInteger, 48, 1, 10'000,
     "Parts of the season that have a level of their own."},
    {"alpha", DetectorParam::Kind::kNumber, 0.1, 0, 1,
     "Weight of the newest reading in the level."},
    {"beta", DetectorParam::Kind::kNumber, 0, 0, 1,
     "Weight of the newest change of the level in the trend; 0: no trend."},
    {"gamma", DetectorParam::Kind::kNumber, 0.1, 0, 1,
     "Weight of the newest reading in the seasonal part."},
    {"spread", DetectorParam::Kind::kNumber, 0.005, 1e-6, 1,
     "Weight of the newest error in the deviation."},
    {"sigma", DetectorParam::Kind::kNumber, 6, 0.1, 1000,
     "Flag a reading more than so many standard deviations from its forecast."},
    {"critical", DetectorParam::Kind::kNumber, 10, 0, 1000,
     "From so many standard deviations on, the severity is critical; below it is warning."},
    {"min_samples", DetectorParam::Kind::kInteger, 100, 2, 1e9,
     "Judge only after so many errors of forecasts."},
};

constexpr DetectorSpec kSpec = {
    .name = "holt_winters",
    .summary = "A reading far from its forecast by level, trend and time of day.",
    .source = "Winters 1960, Management Science 6(3); Brutlag 2000, USENIX LISA XIV",
    .params = kParams,
};

class HoltWintersRule {
 public:
  struct State {
    double level = 0;
    double trend = 0;
    double variance = 0;
    int64_t since_us = 0;  // first reading of the first season
    uint32_t count = 0;    // readings of the first season, then errors
    uint32_t phase = 0;
  };
  static_assert(sizeof(State) == 40);
  static constexpr char kTag[] = "holt_winters/1";

  explicit HoltWintersRule(const DetectorParams& params)
      : season_us_(params.DurationUs("season")),
        buckets_(params.Integer("buckets")),
        alpha_(params.Number("alpha")),
        beta_(params.Number("beta")),
        gamma_(params.Number("gamma")),
        spread_(params.Number("spread")),
        sigma_(params.Number("sigma")),
        critical_(params.Number("critical")),
        min_samples_(params.Integer("min_samples")) {}

  // The seasonal parts (in the first season their sums), then how many readings each bucket had
  // (later: whether it had any).
  size_t block_size() const { return size_t{2} * buckets_; }

  bool Update(State& state, double* block, int64_t time_us, double x, Anomaly* anomaly) const {
    if (state.phase == kEmpty) {
      state.since_us = time_us;
      state.phase = kFirstSeason;
    }
    if (state.phase == kFirstSeason && Lasts(state, time_us)) {
      if (IsLearnable(x)) Collect(state, block, time_us, x);
      return false;
    }
    if (state.phase == kFirstSeason) Begin(state, block);
    double* seasonal = block + BucketOf(time_us);
    double& seen = seasonal[buckets_];
    const double forecast = state.level + state.trend + *seasonal;
    double error = x - forecast;
    bool flagged = false;
    if (seen == 0) {
      if (!IsLearnable(error)) return false;
      *seasonal = error;
      seen = 1;
      error = 0;
    } else {
      flagged = Judge(state, forecast, error, anomaly);
      if (!IsLearnable(x)) return flagged;
      if (state.count >= min_samples_) {
        const double limit = sigma_ * std::sqrt(state.variance);
        // A constant series has no limit; what ends it is the new level.
        if (limit > 0) error = std::clamp(error, -limit, limit);
      }
      LearnVariance(state, error);
    }
    state.level += state.trend + alpha_ * error;
    state.trend += alpha_ * beta_ * error;
    *seasonal += gamma_ * error;
    return flagged;
  }

  bool IsPlausible(const State& state, const double* block) const {
    if (state.phase > kLearned || !(state.variance >= 0) || !std::isfinite(state.variance)) {
      return false;
    }
    if (!(std::abs(state.level) < kLargestSum) || !(std::abs(state.trend) < kLargestSum))
      return false;
    if (block == nullptr) return state.phase == kEmpty;
    return std::all_of(block, block + block_size(),
                       [](double value) { return std::abs(value) < kLargestSum; }) &&
           std::all_of(block + buckets_, block + block_size(),
                       [](double count) { return count >= 0; });
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string reading = fmt::format("{} was {}", metric_label, ReadingText(anomaly.value));
    if (anomaly.reason == "constant") {
      return fmt::format("{}, although it has always been {} at this time", reading,
                         ReadingText(anomaly.expected));
    }
    return fmt::format("{}, {} what is usual at this time, {}{}", reading,
                       DistanceText(anomaly, anomaly.score * sigma_, "standard deviations"),
                       ComputedText(anomaly.expected, anomaly.upper - anomaly.lower),
                       BandText(anomaly));
  }

 private:
  enum : uint32_t { kEmpty, kFirstSeason, kLearned };
  // Sums of a season stay far below what squares to infinity.
  static constexpr double kLargestSum = 1e60;

  bool Lasts(const State& state, int64_t time_us) const {
    int64_t passed = 0;
    return !__builtin_sub_overflow(time_us, state.since_us, &passed) && passed < season_us_;
  }

  size_t BucketOf(int64_t time_us) const {
    const int64_t in_season = (time_us % season_us_ + season_us_) % season_us_;
    const double part = static_cast<double>(in_season) / static_cast<double>(season_us_);
    return std::min(static_cast<size_t>(part * buckets_), size_t{buckets_} - 1);
  }

  void Collect(State& state, double* block, int64_t time_us, double x) const {
    const size_t bucket = BucketOf(time_us);
    block[bucket] += x;
    block[buckets_ + bucket] += 1;
    ++state.count;
    // The running mean: a sum over a season at 1 kHz would lose digits.
    state.level += (x - state.level) / state.count;
  }

  void Begin(State& state, double* block) const {
    for (size_t bucket = 0; bucket < buckets_; ++bucket) {
      double& count = block[buckets_ + bucket];
      if (count == 0) continue;
      block[bucket] = block[bucket] / count - state.level;
      count = 1;
    }
    state.count = 0;
    state.phase = kLearned;
  }

  void LearnVariance(State& state, double error) const {
    state.count += state.count != UINT32_MAX;
    const double k = std::max(spread_, 1 / static_cast<double>(state.count));
    state.variance += k * (error * error - state.variance);
  }

  bool Judge(const State& state, double forecast, double error, Anomaly* anomaly) const {
    const double std = std::sqrt(state.variance);
    anomaly->expected = forecast;
    if (state.count < min_samples_) return false;
    anomaly->lower = forecast - sigma_ * std;
    anomaly->upper = forecast + sigma_ * std;
    // Rounding leaves errors in the last digits of a series that repeats exactly.
    const double distance = std::abs(error);
    const bool differs = distance > 1e-12 * (std::abs(forecast) + std::abs(error));
    anomaly->score = !differs ? 0 : std == 0 ? kUnscaledScore : distance / std / sigma_;
    if (!(anomaly->score > 1)) return false;
    anomaly->severity =
        anomaly->score * sigma_ >= critical_ || std == 0 ? Severity::kCritical : Severity::kWarning;
    anomaly->reason = std == 0 ? "constant" : error > 0 ? "above_forecast" : "below_forecast";
    return true;
  }

  int64_t season_us_;
  uint32_t buckets_;
  double alpha_, beta_, gamma_, spread_, sigma_, critical_;
  uint32_t min_samples_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<HoltWintersRule>>(
      HoltWintersRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& HoltWintersType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
