// The trend of a metric over its last hours, and when it will reach a limit.
//
// Robust slope: Theil 1950 and Sen 1968, the median of the slopes of all pairs of hours. Windows of
// three days or more compare an hour only with the same hour of other days, so that a daily course
// is no trend (Hirsch, Slack & Smith 1982, Water Resources Research 18). Significance and interval
// of the slope follow Kendall's statistic, with the variance that hours which resemble the one
// before have (Yue & Wang 2004, Water Resources Management 18). The interval of the time to the
// limit, a ratio of two estimates, is that of Fieller 1954, J. Royal Statistical Society B 16.
#pragma once

#include <optional>
#include <span>

namespace avocet {

struct MetricTrend {
  double per_hour = 0;   ///< slope
  double level = 0;      ///< in the newest hour, at the peak of the day towards the limit
  double limit = 0;      ///< NaN: none in this direction
  double hours = 0;      ///< until the limit is reached; NaN: not, or not to be told
  double hours_low = 0;  ///< 80 % interval
  double hours_high = 0;
};

/// `means`: of the last hours, oldest first, NaN for hours without a value. The limits may be NaN.
/// Nothing unless the slope is significant (1 %).
std::optional<MetricTrend> FindTrend(std::span<const float> means, double limit_low,
                                     double limit_high);

}  // namespace avocet
