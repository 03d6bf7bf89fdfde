// AnomalyFeed: the newest anomalies in memory, in the order in which they were found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/server/anomaly_row.h"

namespace avocet {

/// Every anomaly has a number, one more than that of the one before; the first is 1. Any thread.
class AnomalyFeed {
 public:
  explicit AnomalyFeed(size_t capacity) : capacity_(capacity) {}

  /// One that is in the feed already is ignored.
  void Add(std::vector<AnomalyRow> rows);

  /// Since which event time every anomaly is in memory; at first, since ever.
  int64_t complete_from_us() const;
  void set_complete_from_us(int64_t time_us);

  struct Part {
    std::vector<AnomalyRow> rows;
    uint64_t last = 0;    ///< number of the last row; `after` when there are none
    bool is_gap = false;  ///< rows between `after` and the first one are gone
  };
  /// Up to `limit` rows after number `after`.
  Part After(uint64_t after, size_t limit) const;

  /// The number of an anomaly that is still in memory.
  std::optional<uint64_t> NumberOf(std::string_view id) const;
  std::optional<AnomalyRow> Find(std::string_view id) const;
  uint64_t last() const;

  /// The newest up to `limit` matching rows, newest event time first.
  std::vector<AnomalyRow> Newest(const AnomalyFilter& filter, size_t limit) const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<AnomalyRow> rows_;                        // guarded by mutex_
  std::unordered_map<std::string, uint64_t> numbers_;  // by id; guarded by mutex_
  int64_t complete_from_us_ = INT64_MIN;               // guarded by mutex_
  uint64_t last_ = 0;                                  // guarded by mutex_
};

/// Newest event time first, then by id; keeps `limit`.
void KeepNewest(std::vector<AnomalyRow>* rows, size_t limit);

}  // namespace avocet
