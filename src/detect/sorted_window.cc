#include "src/detect/sorted_window.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace avocet {

void InsertSorted(double* sorted, size_t size, double x) {
  double* place = std::upper_bound(sorted, sorted + size, x);
  std::copy_backward(place, sorted + size, sorted + size + 1);
  *place = x;
}

void ReplaceSorted(std::span<double> sorted, double old_value, double x) {
  const auto old_place = std::lower_bound(sorted.begin(), sorted.end(), old_value);
  if (x >= old_value) {
    const auto place = std::upper_bound(old_place, sorted.end(), x);
    *std::copy(old_place + 1, place, old_place) = x;
  } else {
    const auto place = std::upper_bound(sorted.begin(), old_place, x);
    std::copy_backward(place, old_place, old_place + 1);
    *place = x;
  }
}

double Median(std::span<const double> sorted) {
  const size_t half = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[half];
  return (sorted[half - 1] + sorted[half]) / 2;
}

double MedianDeviation(std::span<const double> sorted, double median) {
  // Deviations grow from the middle outwards: two ascending sequences, `left` and `right`. The
  // `half` smallest of both together are the first `from_left` and the first half - from_left of
  // them.
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const size_t half = sorted.size() / 2;
  const size_t num_right = sorted.size() - half;
  const auto left = [&](size_t i) { return i < half ? median - sorted[half - 1 - i] : kInfinity; };
  const auto right = [&](size_t i) {
    return i < num_right ? sorted[half + i] - median : kInfinity;
  };
  size_t low = 0;
  size_t high = half;
  while (low < high) {
    const size_t from_left = (low + high) / 2;
    if (left(from_left) < right(half - from_left - 1)) {
      low = from_left + 1;  // left(from_left) belongs to the smallest
    } else {
      high = from_left;
    }
  }
  const double next = std::min(left(low), right(half - low));
  if (sorted.size() % 2 == 1) return next;
  const double last =
      std::max(low > 0 ? left(low - 1) : 0.0, low < half ? right(half - low - 1) : 0.0);
  return (last + next) / 2;
}

double MeanDeviation(std::span<const double> sorted, double median) {
  double sum = 0;
  for (const double x : sorted) sum += std::abs(x - median);
  return sum / static_cast<double>(sorted.size());
}

}  // namespace avocet
