// Readings that came late: rows of silver that are flagged so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/lake/lake.h"

namespace avocet {

struct LateFilter {
  std::string device;  ///< empty: any
  int64_t from_us = INT64_MIN;
  int64_t to_us = INT64_MAX;         ///< exclusive
  std::vector<std::string> metrics;  ///< whose values are wanted; unknown ones are NaN
  size_t limit = 100;                ///< of `newest`
  int64_t most_rows = INT64_MAX;     ///< looked at, about
};

struct LateReading {
  std::string device;
  int64_t event_time_us = 0;
  std::vector<double> values;  ///< of the metrics of the filter; NaN: none
};

struct LateCount {
  std::string device;
  int64_t rows = 0;
  int64_t newest_us = 0;
};

struct LateRows {
  int64_t rows = 0;
  int64_t examined = 0;             ///< rows that were looked at, of the newest event times
  bool is_complete = true;          ///< they were all in the range
  std::vector<LateCount> devices;   ///< most first
  std::vector<LateReading> newest;  ///< newest event time first
};

Result<LateRows> ReadLate(Table* silver, const LateFilter& filter);

}  // namespace avocet
