#include "src/server/series_buckets.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/check.h"

namespace avocet {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kUsualDeviations = 3;
// Fewer readings say too little about their spread.
constexpr uint64_t kFewestForSpread = 8;

}  // namespace

SeriesBuckets::SeriesBuckets(int64_t from_us, int64_t to_us, size_t num_buckets, size_t num_metrics)
    : from_us_(from_us),
      to_us_(to_us),
      num_buckets_(num_buckets),
      num_metrics_(num_metrics),
      deviations_(num_metrics) {
  AVOCET_CHECK(from_us < to_us && num_buckets > 0);
}

void SeriesBuckets::Add(int64_t time_us, std::span<const double> values,
                        std::span<const double> means) {
  if (time_us < from_us_ || time_us >= to_us_) return;
  ++readings_;
  for (size_t m = 0; m < num_metrics_; ++m) {
    const double difference = values[m] - means[m];
    if (std::isnan(difference)) continue;
    deviations_[m].sum += difference;
    deviations_[m].squares += difference * difference;
    ++deviations_[m].count;
  }
  if (!is_raw_) return AddToBucket(time_us, values, means);
  raw_times_.push_back(time_us);
  raw_cells_.insert(raw_cells_.end(), values.begin(), values.end());
  raw_cells_.insert(raw_cells_.end(), means.begin(), means.end());
  if (raw_times_.size() > num_buckets_) Fold();
}

void SeriesBuckets::Fold() {
  is_raw_ = false;
  cells_.resize(num_buckets_ * num_metrics_);
  for (size_t row = 0; row < raw_times_.size(); ++row) {
    const std::span<const double> cell(raw_cells_.data() + row * 2 * num_metrics_,
                                       2 * num_metrics_);
    AddToBucket(raw_times_[row], cell.first(num_metrics_), cell.last(num_metrics_));
  }
  raw_times_ = {};
  raw_cells_ = {};
}

void SeriesBuckets::AddToBucket(int64_t time_us, std::span<const double> values,
                                std::span<const double> means) {
  const double part =
      static_cast<double>(time_us - from_us_) / static_cast<double>(to_us_ - from_us_);
  const auto bucket =
      std::min(static_cast<size_t>(part * static_cast<double>(num_buckets_)), num_buckets_ - 1);
  Cell* cells = cells_.data() + bucket * num_metrics_;
  for (size_t m = 0; m < num_metrics_; ++m) {
    Cell& cell = cells[m];
    if (!std::isnan(values[m])) {
      cell.min = cell.count == 0 ? values[m] : std::min(cell.min, values[m]);
      cell.max = cell.count == 0 ? values[m] : std::max(cell.max, values[m]);
      cell.sum = cell.count == 0 ? values[m] : cell.sum + values[m];
      ++cell.count;
    }
    if (!std::isnan(means[m])) {
      cell.mean_sum = cell.mean_count == 0 ? means[m] : cell.mean_sum + means[m];
      ++cell.mean_count;
    }
  }
}

SeriesBuckets::Answer SeriesBuckets::FinishRaw() {
  Answer answer;
  std::vector<size_t> order(raw_times_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return raw_times_[a] < raw_times_[b]; });
  answer.metrics.resize(num_metrics_);
  for (const size_t row : order) {
    answer.time_us.push_back(raw_times_[row]);
    const double* cell = raw_cells_.data() + row * 2 * num_metrics_;
    for (size_t m = 0; m < num_metrics_; ++m) {
      answer.metrics[m].mean.push_back(cell[m]);
      answer.metrics[m].expected.push_back(cell[num_metrics_ + m]);
    }
  }
  for (Metric& metric : answer.metrics) metric.min = metric.max = metric.mean;
  return answer;
}

SeriesBuckets::Answer SeriesBuckets::Finish() {
  Answer answer;
  if (is_raw_) {
    answer = FinishRaw();
  } else {
    answer.is_raw = false;
    answer.metrics.resize(num_metrics_);
    const double width = static_cast<double>(to_us_ - from_us_) / static_cast<double>(num_buckets_);
    answer.bucket_us = static_cast<int64_t>(width);
    for (size_t bucket = 0; bucket < num_buckets_; ++bucket) {
      const Cell* cells = cells_.data() + bucket * num_metrics_;
      const bool is_empty = std::all_of(cells, cells + num_metrics_, [](const Cell& cell) {
        return cell.count == 0 && cell.mean_count == 0;
      });
      if (is_empty) continue;
      answer.time_us.push_back(from_us_ +
                               static_cast<int64_t>((static_cast<double>(bucket) + 0.5) * width));
      for (size_t m = 0; m < num_metrics_; ++m) {
        const Cell& cell = cells[m];
        const bool has_value = cell.count > 0;
        Metric& metric = answer.metrics[m];
        metric.min.push_back(has_value ? cell.min : kNone);
        metric.max.push_back(has_value ? cell.max : kNone);
        metric.mean.push_back(has_value ? cell.sum / cell.count : kNone);
        metric.expected.push_back(cell.mean_count > 0 ? cell.mean_sum / cell.mean_count : kNone);
      }
    }
  }
  answer.readings = readings_;
  for (size_t m = 0; m < num_metrics_; ++m) {
    const Deviation& deviation = deviations_[m];
    const auto n = static_cast<double>(deviation.count);
    const double mean = deviation.sum / n;
    const double variance = deviation.squares / n - mean * mean;
    answer.metrics[m].spread = deviation.count < kFewestForSpread
                                   ? kNone
                                   : kUsualDeviations * std::sqrt(std::max(variance, 0.0));
  }
  return answer;
}

}  // namespace avocet
