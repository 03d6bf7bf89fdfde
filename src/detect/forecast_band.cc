#include "src/detect/forecast_band.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/detect/detector_params.h"
#include "src/detect/explain.h"
#include "src/detect/least_squares.h"
#include "src/detect/moments.h"
#include "src/detect/series_detector.h"

namespace avocet {
namespace {

constexpr uint32_t kScaleReadings = 30;
constexpr double kShareOutside = 0.01;
constexpr double kNormalQuantile = 2.576;  // 99 % of a normal distribution are within
constexpr double kSteering = 0.05;
constexpr double kSmallestWidth = 1e-3;  // a quiet time must not make everything an anomaly
constexpr double kLargestError = 3;      // learned, in half widths
// Of standardised values and weights: beyond that nothing sensible is left to learn.
constexpr double kLargestInput = 1e6;

constexpr DetectorParam kParams[] = {
    {"lags", DetectorParam::Kind::kInteger, 3, 1, 12,
     "The forecast is made from so many last readings."},
    {"memory", DetectorParam::Kind::kNumber, 5000, 20, 1e9,
     "About so many readings are remembered by the forecast."},
    {"factor", DetectorParam::Kind::kNumber, 2.5, 0.1, 1000,
     "Flag an error of more than so many half widths of the band that holds 99 %."},
    {"critical", DetectorParam::Kind::kNumber, 5, 0, 1000,
     "From so many half widths on, the severity is critical; below it is warning."},
    {"min_samples", DetectorParam::Kind::kInteger, 100, 2, 1e9,
     "Judge only after so many forecasts."},
};

constexpr DetectorSpec kSpec = {
    .name = "forecast_band",
    .summary = "A reading outside of the band that a forecast from the last readings has kept.",
    .source =
        "Plackett 1950, Biometrika 37(1/2); Gibbs and Candes 2021, Adaptive Conformal "
        "Inference Under Distribution Shift, NeurIPS",
    .params = kParams,
};

class ForecastBandRule {
 public:
  struct State {
    Moments first;     // of the first readings, which give offset and scale
    double width = 0;  // half; before min_samples forecasts the mean square of their errors
    uint32_t forecasts = 0;
    uint32_t unused = 0;
  };
  static_assert(sizeof(State) == 40);
  static constexpr char kTag[] = "forecast_band/1";

  explicit ForecastBandRule(const DetectorParams& params)
      : lags_(params.Integer("lags")),
        forget_(1 - 1 / params.Number("memory")),
        factor_(params.Number("factor")),
        critical_(params.Number("critical")),
        min_samples_(params.Integer("min_samples")) {}

  // The inputs of the forecast, 1 and the last readings, newest first; the first reading; then the
  // memory of the least squares.
  size_t block_size() const { return NumInputs() + 1 + LeastSquares::MemorySize(NumInputs()); }

  bool Update(State& state, double* block, int64_t, double x, Anomaly* anomaly) const {
    if (state.first.count < kScaleReadings) {
      if (IsLearnable(x)) Begin(state, block, x);
      return false;
    }
    const double offset = block[NumInputs()];
    const double scale = Scale(state);
    LeastSquares model(block + NumInputs() + 1, NumInputs());
    const std::span<const double> inputs(block, NumInputs());
    const double forecast = model.Predict(inputs);
    const double y = (x - offset) / scale;
    const double error = y - forecast;
    anomaly->expected = offset + forecast * scale;
    const bool flagged = state.forecasts >= min_samples_ && Judge(state, scale, error, anomaly);
    if (!IsLearnable(x)) return flagged;
    Learn(state, error, &model, inputs);
    Push(block, y);
    return flagged;
  }

  bool IsPlausible(const State& state, const double* block) const {
    if (!state.first.IsPlausible() || !(state.width >= 0) || !std::isfinite(state.width)) {
      return false;
    }
    if (block == nullptr) return state.first.count == 0;
    if (state.first.count > kScaleReadings || !IsLearnable(block[NumInputs()])) return false;
    if (state.first.count < kScaleReadings) {
      return std::all_of(block, block + NumInputs(), IsLearnable);
    }
    const auto is_sane = [](double value) { return std::abs(value) <= kLargestInput; };
    return std::all_of(block, block + NumInputs(), is_sane) &&
           std::all_of(block + NumInputs() + 1, block + block_size(), is_sane);
  }

  std::string Explain(const Anomaly& anomaly, std::string_view metric_label) const {
    const std::string reading = fmt::format("{} was {}", metric_label, ReadingText(anomaly.value));
    if (anomaly.reason == "constant") {
      return fmt::format("{}, although it has always followed its forecast, now {}", reading,
                         ReadingText(anomaly.expected));
    }
    return fmt::format("{}, where {} was forecast from its last {} readings{}", reading,
                       ComputedText(anomaly.expected, anomaly.upper - anomaly.lower), lags_,
                       BandText(anomaly));
  }

 private:
  size_t NumInputs() const { return size_t{lags_} + 1; }

  static double Scale(const State& state) {
    const double deviation = state.first.Std();
    return deviation > 0 ? deviation : std::max(1e-3, 1e-3 * std::abs(state.first.mean));
  }

  void Begin(State& state, double* block, double x) const {
    if (state.first.count == 0) block[NumInputs()] = x;
    state.first.Add(x);
    // The inputs wait in units of the metric until there is a scale.
    std::copy_backward(block + 1, block + lags_, block + NumInputs());
    block[1] = std::clamp(x - block[NumInputs()], -kLargestLearned, kLargestLearned);
    if (state.first.count < kScaleReadings) return;
    const double scale = Scale(state);
    block[0] = 1;
    for (size_t i = 1; i < NumInputs(); ++i) block[i] = AsInput(block[i] / scale);
    LeastSquares model(block + NumInputs() + 1, NumInputs());
    Restart(&model);
  }

  // Tomorrow as today, until something better is known.
  static void Restart(LeastSquares* model) {
    std::fill(model->weights().begin(), model->weights().end(), 0.0);
    model->weights()[1] = 1;
    model->Restart();
  }

  static double AsInput(double y) { return std::clamp(y, -kLargestInput, kLargestInput); }

  void Push(double* block, double y) const {
    std::copy_backward(block + 1, block + lags_, block + NumInputs());
    block[1] = AsInput(y);
  }

  bool Judge(const State& state, double scale, double error, Anomaly* anomaly) const {
    const double limit = factor_ * state.width;
    anomaly->lower = anomaly->expected - limit * scale;
    anomaly->upper = anomaly->expected + limit * scale;
    // Of a series that repeats exactly, rounding leaves errors in the last digits.
    const double distance = std::abs(error) < 1e-9 ? 0 : std::abs(error);
    anomaly->score = distance == 0 ? 0 : limit == 0 ? kUnscaledScore : distance / limit;
    if (!(anomaly->score > 1)) return false;
    const bool critical = limit == 0 || distance >= critical_ * state.width;
    anomaly->severity = critical ? Severity::kCritical : Severity::kWarning;
    anomaly->reason = limit == 0 ? "constant" : error > 0 ? "above_forecast" : "below_forecast";
    return true;
  }

  void Learn(State& state, double error, LeastSquares* model,
             std::span<const double> inputs) const {
    double learned = AsInput(error);
    if (state.forecasts < min_samples_) {
      ++state.forecasts;
      state.width += (learned * learned - state.width) / state.forecasts;
      if (state.forecasts == min_samples_) {
        const double width = kNormalQuantile * std::sqrt(state.width);
        state.width = width < 1e-9 ? 0 : width;
      }
    } else {
      const bool outside = std::abs(learned) > state.width;
      if (state.width == 0) {
        state.width = std::abs(learned) < 1e-9 ? 0 : std::abs(learned);
      } else {
        const double most = kLargestError * state.width;
        learned = std::clamp(learned, -most, most);
        state.width *= 1 + kSteering * ((outside ? 1 : 0) - kShareOutside);
        state.width = std::max(state.width, kSmallestWidth);
      }
    }
    model->Learn(inputs, learned, forget_);
    const auto weights = model->weights();
    const bool is_sane = std::all_of(weights.begin(), weights.end(), [](double weight) {
      return std::abs(weight) <= kLargestInput;
    });
    if (!is_sane) Restart(model);
  }

  uint32_t lags_;
  double forget_, factor_, critical_;
  uint32_t min_samples_;
};

std::unique_ptr<Detector> Make(const DetectorConfig& config, std::span<const std::string> metrics) {
  return std::make_unique<SeriesDetector<ForecastBandRule>>(
      ForecastBandRule(DetectorParams(config, kSpec)), config, metrics);
}

}  // namespace

const DetectorType& ForecastBandType() {
  static constexpr DetectorType kType = {kSpec, &Make};
  return kType;
}

}  // namespace avocet
