// TimePatternGuess: by which of the usual patterns the values of a field are times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

/// False for times that are hardly those of readings: before 2000, and from 2100 on.
bool IsPlausibleTime(int64_t micros);

/// Owned by one thread.
class TimePatternGuess {
 public:
  TimePatternGuess();

  /// The next value of the field, in the order of the records.
  void Add(std::string_view text);

  struct Best {
    std::string pattern;
    uint64_t times = 0;  ///< values that it reads
    /// Another one reads them all as well, with times just as close together: "%m/%d/%Y %H:%M".
    std::string or_else;
  };
  /// Where day and month could be either, that by which neighbours are closest. Nothing when none
  /// reads any value.
  std::optional<Best> Find() const;

 private:
  struct Fit {
    size_t index = 0;  // in the list of patterns
    uint64_t times = 0;
    int64_t last_us = 0;
    double distance_us = 0;  // from one value to the next, all together
  };
  uint64_t values_ = 0;
  std::vector<Fit> fits_;
};

}  // namespace avocet
