#include "src/state/metric_trend.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace avocet {
namespace {

constexpr size_t kDay = 24;
constexpr size_t kFewestHours = 12;
constexpr double kSignificant = 2.576;  // two-sided 1 %
constexpr double kInterval = 1.2816;    // two-sided 80 %
constexpr double kFurthest = 4;         // windows ahead; what is later is not told
constexpr double kOrdinary = 4;         // standard deviations
constexpr double kHighestCorrelation = 0.95;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A median of `values`, which it reorders; `at`: 0 to 1 for other quantiles.
double Quantile(std::vector<double>* values, double at = 0.5) {
  const auto last = static_cast<double>(values->size() - 1);
  const auto index = static_cast<std::ptrdiff_t>(std::lround(std::clamp(at, 0.0, 1.0) * last));
  std::nth_element(values->begin(), values->begin() + index, values->end());
  return (*values)[static_cast<size_t>(index)];
}

// Kendall's statistic over pairs of hours that are compared, and their slopes.
struct Pairs {
  std::vector<double> slopes;
  double balance = 0;   // rising less falling pairs
  double variance = 0;  // of the balance, were hours independent
};

Pairs Compare(std::span<const float> means, size_t season) {
  Pairs pairs;
  for (size_t phase = 0; phase < season; ++phase) {
    double count = 0;
    for (size_t i = phase; i < means.size(); i += season) {
      if (std::isnan(means[i])) continue;
      ++count;
      for (size_t j = i + season; j < means.size(); j += season) {
        if (std::isnan(means[j])) continue;
        const double change = static_cast<double>(means[j]) - static_cast<double>(means[i]);
        pairs.slopes.push_back(change / static_cast<double>(j - i));
        pairs.balance += change > 0 ? 1 : change < 0 ? -1 : 0;
      }
    }
    pairs.variance += count * (count - 1) * (2 * count + 5) / 18;
  }
  return pairs;
}

// What is left of the hours without the trend, around the middle of the window; NaN stays.
std::vector<double> Residuals(std::span<const float> means, double slope) {
  const double middle = static_cast<double>(means.size() - 1) / 2;
  std::vector<double> rest;
  for (size_t i = 0; i < means.size(); ++i) {
    rest.push_back(static_cast<double>(means[i]) - slope * (static_cast<double>(i) - middle));
  }
  return rest;
}

double MedianOf(std::span<const double> values) {
  std::vector<double> known;
  for (const double value : values) {
    if (!std::isnan(value)) known.push_back(value);
  }
  return Quantile(&known);
}

// Standard deviation, from the median distance.
double Spread(std::vector<double> values, double centre) {
  for (double& value : values) value = std::abs(value - centre);
  return 1.4826 * MedianOf(values);
}

// Values far from the others come as near as the furthest ordinary ones.
void Tame(std::vector<double>* rest, double centre, double error) {
  for (double& value : *rest) {
    if (!std::isnan(value)) {
      value = std::clamp(value, centre - kOrdinary * error, centre + kOrdinary * error);
    }
  }
}

// Takes the first harmonic of the day out of the residuals; returns its amplitude.
double TakeDay(std::vector<double>* rest, double centre) {
  double cosine = 0, sine = 0, count = 0;
  const auto angle = [](size_t i) { return 2 * M_PI * static_cast<double>(i) / kDay; };
  for (size_t i = 0; i < rest->size(); ++i) {
    if (std::isnan((*rest)[i])) continue;
    cosine += ((*rest)[i] - centre) * std::cos(angle(i));
    sine += ((*rest)[i] - centre) * std::sin(angle(i));
    ++count;
  }
  cosine *= 2 / count;
  sine *= 2 / count;
  for (size_t i = 0; i < rest->size(); ++i) {
    (*rest)[i] -= cosine * std::cos(angle(i)) + sine * std::sin(angle(i));
  }
  return std::hypot(cosine, sine);
}

// Of each hour with the one before it.
double Correlation(std::span<const double> rest, double centre) {
  double products = 0, squares = 0, pairs = 0, count = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (std::isnan(rest[i])) continue;
    const double here = rest[i] - centre;
    squares += here * here;
    ++count;
    if (i == 0 || std::isnan(rest[i - 1])) continue;
    products += here * (rest[i - 1] - centre);
    ++pairs;
  }
  if (!(squares > 0) || pairs == 0) return 0;
  const double found = products / pairs / (squares / count);
  // What was taken out of them makes hours look more independent than they are.
  return std::clamp(found + (1 + 4 * found) / count, 0.0, kHighestCorrelation);
}

// The interval of distance / slope from the middle of the window on; `from`: NaN when there is
// none.
void FillTime(double distance, double distance_variance, double slope, double slope_variance,
              double middle, double furthest, MetricTrend* trend) {
  const double z2 = kInterval * kInterval;
  const double a = slope * slope - z2 * slope_variance;
  const double b = distance * slope;
  const double c = distance * distance - z2 * distance_variance;
  const double root = std::sqrt(std::max(b * b - a * c, 0.0));
  trend->hours = std::max(distance / slope - middle, 0.0);
  if (!(a > 0) || !(trend->hours <= furthest)) {
    trend->hours = kNone;
    return;
  }
  trend->hours_low = std::max((b - root) / a - middle, 0.0);
  trend->hours_high = std::max((b + root) / a - middle, 0.0);
}

}  // namespace

std::optional<MetricTrend> FindTrend(std::span<const float> means, double limit_low,
                                     double limit_high) {
  const auto first = std::find_if(means.begin(), means.end(), [](float x) { return x == x; });
  const std::span<const float> seen = means.subspan(static_cast<size_t>(first - means.begin()));
  const bool daily = means.size() >= 3 * kDay;
  if (seen.size() < (daily ? 3 * kDay : kFewestHours)) return std::nullopt;
  Pairs pairs = Compare(seen, daily ? kDay : 1);
  if (pairs.slopes.size() < kFewestHours || pairs.balance == 0) return std::nullopt;

  const double slope = Quantile(&pairs.slopes);
  std::vector<double> rest = Residuals(seen, slope);
  const double centre = MedianOf(rest);
  Tame(&rest, centre, Spread(rest, centre));
  const double swing = daily ? TakeDay(&rest, centre) : 0;
  const double correlation = Correlation(rest, centre);
  const double inflation = (1 + correlation) / (1 - correlation);
  const double deviation = std::sqrt(pairs.variance * inflation);
  if (std::abs(pairs.balance) - 1 < kSignificant * deviation) return std::nullopt;

  const auto num_pairs = static_cast<double>(pairs.slopes.size());
  const double reach = kInterval * deviation / num_pairs / 2;
  const double slope_low = Quantile(&pairs.slopes, 0.5 - reach);
  const double slope_high = Quantile(&pairs.slopes, 0.5 + reach);
  const double slope_error = (slope_high - slope_low) / 2 / kInterval;
  const auto count = std::count_if(rest.begin(), rest.end(), [](double x) { return x == x; });
  const double error = Spread(rest, centre);
  const double level_variance = M_PI / 2 * error * error * inflation / static_cast<double>(count);

  const double direction = slope > 0 ? 1 : -1;
  const double middle = static_cast<double>(seen.size() - 1) / 2;
  MetricTrend trend{.per_hour = slope,
                    .level = centre + direction * swing + slope * middle,
                    .limit = slope > 0 ? limit_high : limit_low,
                    .hours = kNone,
                    .hours_low = kNone,
                    .hours_high = kNone};
  if (slope == 0) return std::nullopt;
  if (std::isnan(trend.limit)) return trend;
  FillTime(trend.limit - centre - direction * swing, level_variance, slope,
           slope_error * slope_error, middle, kFurthest * static_cast<double>(means.size()),
           &trend);
  return trend;
}

}  // namespace avocet
