// Order statistics of a small window that is kept sorted: median and median absolute deviation.
#pragma once

#include <cstddef>
#include <span>

namespace avocet {

/// `sorted[0, size)` is ascending; makes it size + 1 long with `x` in its place.
void InsertSorted(double* sorted, size_t size, double x);

/// Replaces one occurrence of `old_value` by `x`. REQUIRES: old_value is there.
void ReplaceSorted(std::span<double> sorted, double old_value, double x);

/// The middle value, or the mean of the two middle ones. REQUIRES: not empty.
double Median(std::span<const double> sorted);

/// Median of |x - median|, in logarithmic time. `median` = Median(sorted).
double MedianDeviation(std::span<const double> sorted, double median);

/// Mean of |x - median|.
double MeanDeviation(std::span<const double> sorted, double median);

}  // namespace avocet
