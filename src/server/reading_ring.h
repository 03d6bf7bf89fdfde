// ReadingRing: the newest readings of one device, all its metrics, with their rolling means.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace avocet {

/// Holds up to capacity() rows; a new one overwrites the oldest. Times never go back. Used by one
/// thread at a time.
class ReadingRing {
 public:
  /// Rows from now on have `num_metrics` values and as many means; older rows get nulls.
  void SetMetrics(size_t num_metrics);
  /// REQUIRES: a power of two that is more than capacity().
  void Grow(size_t rows);
  /// Begins the newest row; Set has then to be called for each metric. REQUIRES: capacity() > 0.
  void Push(int64_t time_us) {
    if (size_ == capacity_) {
      ++begin_;
    } else {
      ++size_;
    }
    cells_[Cell(size_ - 1)] = time_us;
  }
  /// Value and rolling mean of the newest row; NaN: none.
  void Set(size_t metric, double value, double mean) {
    int64_t* cell = cells_.data() + Cell(size_ - 1) + 1 + 2 * metric;
    cell[0] = std::bit_cast<int64_t>(value);
    cell[1] = std::bit_cast<int64_t>(mean);
  }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  size_t size_bytes() const { return BytesFor(capacity_, num_metrics_); }
  static size_t BytesFor(size_t rows, size_t num_metrics) {
    return rows * (1 + 2 * num_metrics) * sizeof(int64_t);
  }

  // `row` counts from the oldest.
  int64_t time_us(size_t row) const { return cells_[Cell(row)]; }
  double value(size_t row, size_t metric) const {
    return std::bit_cast<double>(cells_[Cell(row) + 1 + 2 * metric]);
  }
  double mean(size_t row, size_t metric) const {
    return std::bit_cast<double>(cells_[Cell(row) + 2 + 2 * metric]);
  }
  size_t num_metrics() const { return num_metrics_; }
  /// The first row that is not before `time_us`; size() when there is none.
  size_t FirstFrom(int64_t time_us) const;

 private:
  size_t Cell(size_t row) const {
    return ((begin_ + row) & (capacity_ - 1)) * (1 + 2 * num_metrics_);
  }
  void Rebuild(size_t rows, size_t num_metrics);

  // Per row, which is what one reading touches: the time, then the bits of value and mean of each
  // metric.
  std::vector<int64_t> cells_;
  size_t capacity_ = 0;
  size_t num_metrics_ = 0;
  size_t begin_ = 0;  // of the oldest row, modulo the capacity
  size_t size_ = 0;
};

}  // namespace avocet
