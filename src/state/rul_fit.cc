#include "src/state/rul_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/state/hour.h"

namespace avocet {
namespace {

constexpr size_t kFolds = 5;
constexpr size_t kNoFold = SIZE_MAX;
constexpr double kRidge = 10;
constexpr size_t kErrorBins = 8;
constexpr double kShortestCap = 12;
constexpr double kUsualShare = 0.625;
// Of longer records every second, third, ... hour is learned from.
constexpr size_t kMostRows = 200'000;

double HoursBetween(int64_t from_us, int64_t to_us) {
  return static_cast<double>(to_us - from_us) / static_cast<double>(kHourUs);
}

double QuantileOf(std::vector<double>* values, double share) {
  const auto last = static_cast<double>(values->size() - 1);
  const auto middle = values->begin() + static_cast<std::ptrdiff_t>(std::lround(share * last));
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

// Solves a * x = b for a symmetric positive definite matrix, of which the lower half is given, by
// Cholesky's decomposition.
std::vector<double> Solve(std::vector<double> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j * n + j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

}  // namespace

double RulFit::UsualCap(const std::vector<DeviceLife>& lives) {
  std::vector<double> lengths;
  for (const DeviceLife& life : lives) {
    lengths.push_back(HoursBetween(life.hours.front().hour_us, life.failed_us));
  }
  return std::max(std::round(kUsualShare * QuantileOf(&lengths, 0.5)), kShortestCap);
}

std::vector<RulFit::Row> RulFit::RowsOf(const std::vector<DeviceLife>& lives,
                                        const RulModel& model) {
  size_t num_hours = 0;
  for (const DeviceLife& life : lives) num_hours += life.hours.size();
  const size_t step = num_hours / kMostRows + 1;
  std::vector<Row> rows;
  for (size_t index = 0; index < lives.size(); ++index) {
    const DeviceLife& life = lives[index];
    LifeFeatures features = model.Begin();
    // Counted from the end, so that the last hour is always there.
    size_t to_come = life.hours.size();
    for (const LifeHour& hour : life.hours) {
      features.Add(hour.hour_us, hour.means);
      if (--to_come % step != 0) continue;
      const double left = HoursBetween(hour.hour_us, life.failed_us);
      rows.push_back({features.Values(), std::min(left, model.cap_hours()), index});
    }
  }
  return rows;
}

bool RulFit::InFold(const Row& row, size_t fold) { return row.life % kFolds == fold; }

void RulFit::Standardize(size_t fold) {
  const size_t size = rows_.front().features.size();
  std::vector<double> mean(size, 0), squares(size, 0), count(size, 0);
  double rows = 0;
  model_.bias_ = 0;
  for (const Row& row : rows_) {
    if (InFold(row, fold)) continue;
    model_.bias_ += (row.left - model_.bias_) / ++rows;
    for (size_t i = 0; i < size; ++i) {
      if (std::isnan(row.features[i])) continue;
      const double off = row.features[i] - mean[i];
      mean[i] += off / ++count[i];
      squares[i] += off * (row.features[i] - mean[i]);
    }
  }
  model_.scales_.assign(size, 0);
  for (size_t i = 0; i < size; ++i) {
    const double deviation = std::sqrt(squares[i] / std::max(count[i], 1.0));
    // What is constant says nothing.
    if (deviation > 1e-9 * std::max(std::abs(mean[i]), 1e-9)) model_.scales_[i] = 1 / deviation;
  }
  model_.means_ = std::move(mean);
}

void RulFit::FitWeights(size_t fold) {
  Standardize(fold);
  const size_t size = model_.means_.size();
  std::vector<double> a(size * size, 0), b(size, 0), x(size);
  for (const Row& row : rows_) {
    if (InFold(row, fold)) continue;
    for (size_t i = 0; i < size; ++i) {
      const bool known = !std::isnan(row.features[i]);
      x[i] = known ? (row.features[i] - model_.means_[i]) * model_.scales_[i] : 0;
    }
    for (size_t i = 0; i < size; ++i) {
      b[i] += x[i] * (row.left - model_.bias_);
      for (size_t j = 0; j <= i; ++j) a[i * size + j] += x[i] * x[j];
    }
  }
  for (size_t i = 0; i < size; ++i) a[i * size + i] += kRidge;
  model_.weights_ = Solve(std::move(a), std::move(b));
}

std::vector<RulFit::Guess> RulFit::GuessEach() {
  std::vector<Guess> guesses(rows_.size());
  for (size_t fold = 0; fold < kFolds; ++fold) {
    FitWeights(fold);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!InFold(rows_[i], fold)) continue;
      guesses[i] = {model_.Predict(rows_[i].features), rows_[i].left};
    }
  }
  return guesses;
}

void RulFit::FindErrors(const std::vector<Guess>& guesses, size_t fold) {
  std::vector<Guess> sorted;
  for (size_t i = 0; i < guesses.size(); ++i) {
    if (!InFold(rows_[i], fold)) sorted.push_back(guesses[i]);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Guess& a, const Guess& b) { return a.estimate < b.estimate; });
  model_.errors_.clear();
  for (size_t bin = 0; bin < kErrorBins; ++bin) {
    const size_t begin = sorted.size() * bin / kErrorBins;
    const size_t end = sorted.size() * (bin + 1) / kErrorBins;
    std::vector<double> errors;
    for (size_t i = begin; i < end; ++i) errors.push_back(sorted[i].truth - sorted[i].estimate);
    if (errors.empty()) continue;
    model_.errors_.push_back(
        {sorted[end - 1].estimate, QuantileOf(&errors, 0.1), QuantileOf(&errors, 0.9)});
  }
}

RulQuality RulFit::Measure(const std::vector<Guess>& guesses, size_t lives) {
  double squares = 0, covered = 0;
  for (size_t fold = 0; fold < kFolds; ++fold) {
    FindErrors(guesses, fold);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!InFold(rows_[i], fold)) continue;
      const auto [estimate, truth] = guesses[i];
      squares += (estimate - truth) * (estimate - truth);
      const auto [low, high] = model_.Interval(estimate);
      if (low <= truth && truth <= high) ++covered;
    }
  }
  const auto count = static_cast<double>(rows_.size());
  return {.rmse_hours = std::sqrt(squares / count), .coverage = covered / count, .lives = lives};
}

Result<RulModel> RulFit::Fit(const std::vector<std::string>& metrics,
                             const std::vector<DeviceLife>& lives, double cap_hours) {
  if (lives.size() < kFewestLives) {
    return Status::Invalid(
        fmt::format("readings before a failure are on record for {} failures; at least {} are "
                    "needed",
                    lives.size(), kFewestLives));
  }
  RulModel model;
  model.metrics_ = metrics;
  model.cap_hours_ = cap_hours;
  RulFit fit(RowsOf(lives, model), &model);
  const std::vector<Guess> guesses = fit.GuessEach();
  model.quality_ = fit.Measure(guesses, lives.size());
  fit.FindErrors(guesses, kNoFold);
  fit.FitWeights(kNoFold);
  return model;
}

}  // namespace avocet
