#include "src/cli/series_sketch.h"

#include <algorithm>
#include <cmath>

namespace avocet {
namespace {

double Later(double before, double after) { return std::isnan(after) ? before : after; }

SketchColumn Merged(const SketchColumn& a, const SketchColumn& b) {
  // fmin and fmax leave NaN out.
  return {.min = std::fmin(a.min, b.min),
          .max = std::fmax(a.max, b.max),
          .expected = Later(a.expected, b.expected),
          .lower = Later(a.lower, b.lower),
          .upper = Later(a.upper, b.upper)};
}

}  // namespace

void SeriesSketch::Add(int64_t time_us, double value, double expected, double lower, double upper) {
  if (columns_.empty()) begin_us_ = time_us;
  // Unsigned, as times may be further apart than an int64_t holds.
  const uint64_t since =
      time_us < begin_us_ ? 0 : static_cast<uint64_t>(time_us) - static_cast<uint64_t>(begin_us_);
  while (since / static_cast<uint64_t>(column_us_) >= kColumns) Widen();
  const size_t at = since / static_cast<uint64_t>(column_us_);
  if (at >= columns_.size()) columns_.resize(at + 1);
  columns_[at] = Merged(columns_[at], {value, value, expected, lower, upper});
}

void SeriesSketch::Widen() {
  column_us_ *= 2;
  const size_t size = (columns_.size() + 1) / 2;
  for (size_t i = 0; i < size; ++i) {
    const size_t second = 2 * i + 1;
    columns_[i] =
        second < columns_.size() ? Merged(columns_[2 * i], columns_[second]) : columns_[2 * i];
  }
  columns_.resize(size);
}

}  // namespace avocet
