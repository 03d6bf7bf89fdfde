// SeriesSketch: a series drawn in a bounded number of columns while its length is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace avocet {

/// One column of a chart. NaN: nothing there.
struct SketchColumn {
  double min = std::numeric_limits<double>::quiet_NaN();
  double max = std::numeric_limits<double>::quiet_NaN();
  double expected = std::numeric_limits<double>::quiet_NaN();  ///< of the last reading that has it
  double lower = std::numeric_limits<double>::quiet_NaN();     ///< likewise, as the next
  double upper = std::numeric_limits<double>::quiet_NaN();

  bool is_empty() const { return min != min; }
};

/// Columns of equal width in time, which doubles when the series outgrows them: O(1) a reading.
class SeriesSketch {
 public:
  static constexpr size_t kColumns = 640;

  /// Times in microseconds, in any order; those before the first one count as the first.
  void Add(int64_t time_us, double value, double expected, double lower, double upper);

  /// From the first column on; none is missing, but they may be empty.
  const std::vector<SketchColumn>& columns() const { return columns_; }
  /// Of column 0, microseconds.
  int64_t begin_us() const { return begin_us_; }
  int64_t column_us() const { return column_us_; }

 private:
  void Widen();

  int64_t begin_us_ = 0;
  int64_t column_us_ = 1'000;
  std::vector<SketchColumn> columns_;
};

}  // namespace avocet
