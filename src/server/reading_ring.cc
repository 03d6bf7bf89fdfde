#include "src/server/reading_ring.h"

#include <algorithm>
#include <limits>

#include "src/base/check.h"

namespace avocet {

void ReadingRing::Rebuild(size_t rows, size_t num_metrics) {
  constexpr auto kNull = std::bit_cast<int64_t>(std::numeric_limits<double>::quiet_NaN());
  const size_t stride = 1 + 2 * num_metrics;
  std::vector<int64_t> cells(rows * stride, kNull);
  for (size_t row = 0; row < size_; ++row) {
    std::copy_n(cells_.begin() + static_cast<std::ptrdiff_t>(Cell(row)), 1 + 2 * num_metrics_,
                cells.begin() + static_cast<std::ptrdiff_t>(row * stride));
  }
  cells_ = std::move(cells);
  capacity_ = rows;
  num_metrics_ = num_metrics;
  begin_ = 0;
}

void ReadingRing::SetMetrics(size_t num_metrics) {
  if (num_metrics > num_metrics_) Rebuild(capacity_, num_metrics);
}

void ReadingRing::Grow(size_t rows) {
  AVOCET_CHECK(rows > capacity_ && std::has_single_bit(rows));
  Rebuild(rows, num_metrics_);
}

size_t ReadingRing::FirstFrom(int64_t time_us) const {
  size_t low = 0, high = size_;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (this->time_us(middle) < time_us) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace avocet
