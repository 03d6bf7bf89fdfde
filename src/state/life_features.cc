#include "src/state/life_features.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/check.h"
#include "src/state/hour.h"

namespace avocet {
namespace {

constexpr int64_t kAwayUs = 7 * 24 * kHourUs;
constexpr double kLargestMean = 1e30;  // the square of a sum of them is a number
// With the usual cap of 125 hours: a mean of 10 and one of about 33, after the first 21.
constexpr double kFastShare = 12.5, kSlowShare = 3.75, kFirstShare = 1.0 / 6;

}  // namespace

LifeFeatures::LifeFeatures(size_t num_metrics, double cap_hours)
    : metrics_(num_metrics),
      fast_rate_(std::min(kFastShare / cap_hours, 1.0)),
      slow_rate_(std::min(kSlowShare / cap_hours, 1.0)),
      first_hours_(std::max(cap_hours * kFirstShare, 1.0)) {}

void LifeFeatures::Add(int64_t hour_us, std::span<const double> means) {
  AVOCET_DCHECK(means.size() == metrics_.size());
  if (last_us_ == INT64_MIN || hour_us - last_us_ > kAwayUs) {
    std::fill(metrics_.begin(), metrics_.end(), Metric{});
    begin_us_ = hour_us;
  }
  last_us_ = hour_us;
  for (size_t i = 0; i < metrics_.size(); ++i) {
    if (!(std::abs(means[i]) < kLargestMean)) continue;
    Metric& metric = metrics_[i];
    ++metric.hours;
    metric.fast += std::max(fast_rate_, 1 / metric.hours) * (means[i] - metric.fast);
    metric.slow += std::max(slow_rate_, 1 / metric.hours) * (means[i] - metric.slow);
    if (metric.hours <= first_hours_) metric.first += (means[i] - metric.first) / metric.hours;
  }
}

std::vector<double> LifeFeatures::Values() const {
  std::vector<double> values;
  values.reserve(CountFor(metrics_.size()));
  for (const Metric& metric : metrics_) {
    if (metric.hours == 0) {
      values.insert(values.end(), kPerMetric, std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    values.push_back(metric.fast);
    values.push_back(metric.fast - metric.first);
    values.push_back(metric.fast - metric.slow);
  }
  const auto age = static_cast<double>(last_us_ - begin_us_) / static_cast<double>(kHourUs);
  values.push_back(std::log(age + 1));
  return values;
}

}  // namespace avocet
