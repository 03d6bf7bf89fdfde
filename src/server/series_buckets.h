// SeriesBuckets: readings of a time range, thinned to what a chart of a given width can show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace avocet {

/// Keeps rows as they are while there are no more than buckets; then, and from then on, minimum,
/// maximum, mean and rolling mean per metric and bucket: four points per pixel column. Rows may
/// come in any order. Used by one thread.
class SeriesBuckets {
 public:
  /// The range is [from_us, to_us). REQUIRES: from_us < to_us, num_buckets > 0.
  SeriesBuckets(int64_t from_us, int64_t to_us, size_t num_buckets, size_t num_metrics);

  /// Adds a reading; one outside the range is ignored. NaN: no value.
  void Add(int64_t time_us, std::span<const double> values, std::span<const double> means);

  struct Metric {
    std::vector<double> min, max, mean, expected;  ///< NaN where there is none
    /// Half of the usual range: three deviations of the values from their rolling mean.
    double spread = 0;  ///< NaN: unknown
  };
  struct Answer {
    bool is_raw = true;            ///< every point is one reading
    uint64_t readings = 0;         ///< in the range
    int64_t bucket_us = 0;         ///< width of a bucket; 0 when raw
    std::vector<int64_t> time_us;  ///< ascending; in the middle of a bucket
    std::vector<Metric> metrics;
  };
  Answer Finish();

 private:
  struct Cell {
    double min, max, sum, mean_sum;
    uint32_t count = 0, mean_count = 0;
  };
  struct Deviation {
    double sum = 0, squares = 0;
    uint64_t count = 0;
  };
  void AddToBucket(int64_t time_us, std::span<const double> values, std::span<const double> means);
  void Fold();
  Answer FinishRaw();

  int64_t from_us_;
  int64_t to_us_;
  size_t num_buckets_;
  size_t num_metrics_;
  uint64_t readings_ = 0;
  bool is_raw_ = true;
  std::vector<int64_t> raw_times_;
  std::vector<double> raw_cells_;  // per row: values, then means
  std::vector<Cell> cells_;        // [bucket][metric]
  std::vector<Deviation> deviations_;
};

}  // namespace avocet
