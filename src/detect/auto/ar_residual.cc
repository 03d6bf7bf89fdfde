#include "src/detect/auto/ar_residual.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

#include "src/detect/auto/rate_after.h"

namespace avocet::auto_detect {
namespace {

constexpr float kMomentsRate = 0.001F;
constexpr float kResidualRate = 0.005F;
constexpr float kStartCovariance = 100;
constexpr float kLargestTrace = 1e6F;
constexpr float kLargestTerm = 1e6F;  // standardised values: far beyond anything meant
constexpr float kLargestZ = 1e4F;
constexpr uint32_t kJudgesAfter = 20;  // values
constexpr uint32_t kClipsAfter = 50;
constexpr double kMostOfYoung = 6;  // deviations

// Where the diagonal of the covariance is.
constexpr int kDiagonal[] = {0, 4, 7, 9};

}  // namespace

void ArResidual::Begin(double x) {
  mean_ = x;
  variance_ = 0;
  weights_[0] = 1;
  for (const int at : kDiagonal) covariance_[at] = kStartCovariance;
}

ArResidual::Result ArResidual::Update(double x, const double* lags, const ArRule& rule,
                                      float step) {
  if (count_ == 0) {
    Begin(x);
    ++count_;
    return {0, x, 0};
  }
  const double rate = RateAfter(count_, kMomentsRate);
  const double distance =
      count_ > kClipsAfter && count_ < rule.young ? Clipped(x - mean_) : x - mean_;
  mean_ += rate * distance;
  variance_ = (1 - rate) * (variance_ + rate * distance * distance);
  const double deviation = variance_ > 0 ? std::sqrt(variance_) : 1;
  const double per_deviation = 1 / deviation;
  const auto standard = [&](double value) {
    const auto deviations = static_cast<float>((value - mean_) * per_deviation);
    return std::clamp(deviations, -kLargestTerm, kLargestTerm);
  };
  const Row terms = {standard(lags[0]), standard(lags[1]), standard(lags[2]), 1};
  Row weights;
  std::memcpy(&weights, weights_, sizeof(weights));
  const Row products = weights * terms;
  float predicted = 0;
  for (int i = 0; i < kTerms; ++i) predicted += products[i];
  const float error = standard(x) - predicted;
  Result result;
  if (variance_ > 0) result.distance = std::abs(x - mean_) * per_deviation;
  result.predicted = mean_ + deviation * static_cast<double>(predicted);
  const float usual = std::sqrt(residual_variance_);
  if (residual_variance_ > 0) {
    const float unit =
        std::max(usual, static_cast<float>(std::min(double{step} * per_deviation, 1e6)));
    result.unit = deviation * static_cast<double>(unit);
    if (count_ > kJudgesAfter) result.z = std::clamp(error / unit, -kLargestZ, kLargestZ);
  }
  // A series that stands still teaches nothing, and would only make the next change teach too much.
  const bool still = x == lags[0] && x == lags[1] && x == lags[2];
  const bool knows_error = residual_variance_ > 0 || count_ <= kClipsAfter;
  const bool clips = count_ > kClipsAfter && residual_variance_ > 0;
  const float learned = clips ? std::clamp(error, -3 * usual, 3 * usual) : error;
  const float square = clips ? std::min(error * error, 16 * residual_variance_) : error * error;
  residual_variance_ += RateAfter(count_, kResidualRate) * (square - residual_variance_);
  if (!still && knows_error) Learn(terms, learned, rule.memory);
  if (count_ != UINT32_MAX) ++count_;
  return result;
}

// One value among few must not become the usual size of all: it would hide itself.
double ArResidual::Clipped(double distance) const {
  const double most = kMostOfYoung * kMostOfYoung * variance_;
  if (!(most > 0) || distance * distance <= most) return distance;
  return std::copysign(std::sqrt(most), distance);
}

void ArResidual::Learn(const Row& terms, float error, float memory) {
  float* const c = covariance_;
  Row rows[kTerms] = {{c[0], c[1], c[2], c[3]},
                      {c[1], c[4], c[5], c[6]},
                      {c[2], c[5], c[7], c[8]},
                      {c[3], c[6], c[8], c[9]}};
  Row projected = {};
  for (int i = 0; i < kTerms; ++i) projected += rows[i] * terms[i];
  float denominator = memory;
  for (int i = 0; i < kTerms; ++i) denominator += terms[i] * projected[i];
  const float gain = 1 / denominator;
  const float grow = 1 / memory;
  for (int i = 0; i < kTerms; ++i) rows[i] = (rows[i] - projected[i] * projected * gain) * grow;
  // From the last to the first: what a row has before its diagonal is overwritten by the one above.
  for (int i = kTerms; i-- > 0;) std::memcpy(c + kDiagonal[i] - i, &rows[i], sizeof(Row));
  float trace = 0;
  for (const int at : kDiagonal) trace += c[at];
  const Row change = projected * gain * error;
  bool finite = true;
  for (int i = 0; i < kTerms; ++i) {
    weights_[i] += change[i];
    finite = finite && std::abs(weights_[i]) < kLargestTerm;
  }
  if (finite && trace < kLargestTrace) return;
  for (float& entry : covariance_) entry = 0;
  for (const int at : kDiagonal) covariance_[at] = kStartCovariance;
  if (finite) return;
  for (float& weight : weights_) weight = 0;
  weights_[0] = 1;
}

bool ArResidual::IsPlausible() const {
  const auto all = [](const float* values, size_t size, float limit) {
    return std::all_of(values, values + size,
                       [limit](float value) { return std::abs(value) <= limit; });
  };
  return std::abs(mean_) < 1e60 && variance_ >= 0 && variance_ < 1e120 && residual_variance_ >= 0 &&
         residual_variance_ < 1e14F && all(weights_, std::size(weights_), kLargestTerm) &&
         all(covariance_, std::size(covariance_), 1e12F);
}

}  // namespace avocet::auto_detect
