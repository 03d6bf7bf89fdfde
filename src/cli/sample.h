// Sample: what the first records of a file look like, field by field, before any schema is known.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "src/base/status.h"
#include "src/cli/time_pattern_guess.h"
#include "src/env/env.h"
#include "src/model/raw_batch.h"

namespace avocet {

/// What was seen of one field. A field that is absent from a record counts as null there.
struct SampleColumn {
  static constexpr size_t kMostDistinct = 100'000;  ///< counted
  static constexpr size_t kMostShown = 256;         ///< kept as text

  std::string path;      ///< header name, or keys with dots between; may be empty
  std::string key;       ///< the last of these keys
  bool has_path = true;  ///< false: no path of a configuration leads there
  uint64_t nulls = 0;
  uint64_t numbers = 0;   ///< also those in strings
  uint64_t integers = 0;  ///< of the numbers, those without fraction and exponent
  uint64_t booleans = 0;
  uint64_t texts = 0;       ///< strings that are no numbers
  uint64_t not_finite = 0;  ///< "NaN" and such
  uint64_t nested = 0;      ///< arrays, and objects too deep to follow
  uint64_t ids = 0;         ///< of the texts, those made of id characters with a digit among them
  uint64_t iso_times = 0;
  uint64_t comma_numbers = 0;        ///< of the texts, those like "37,5"
  TimePatternGuess patterns;         ///< of the texts, and of numbers of 14 digits
  std::array<uint64_t, 4> epochs{};  ///< numbers that are plausible times: s, ms, us, ns
  bool counts_up = true;             ///< each number is one more than the last
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  std::string example;                    ///< the first value that is not null
  std::string odd_example;                ///< the first text or NaN
  std::vector<std::string> shown;         ///< the first distinct texts, in order
  std::unordered_set<uint64_t> distinct;  ///< hashes of the values

  uint64_t present() const { return numbers + booleans + texts + not_finite + nested; }
  double last = 0;  // number seen last
};

struct Sample {
  std::string path;
  std::string format;  ///< "ndjson", "json" or "csv"
  char delimiter = ',';
  bool decimal_comma = false;     ///< numbers are written "37,5"
  std::vector<RawBatch> batches;  ///< the records themselves
  uint64_t records = 0;
  uint64_t unreadable = 0;  ///< of these, and of what the source refused
  std::string first_problem;
  bool complete = false;              ///< all of the file was looked at
  std::vector<SampleColumn> columns;  ///< in order of first appearance

  const SampleColumn* Find(std::string_view path) const;
};

struct SampleLimits {
  uint64_t records = 200'000;
  uint64_t bytes = uint64_t{64} << 20;
};

/// Looks at a file, glob or directory as the file source reads it. kNotFound, kPermission, kIo and
/// kCorrupt when it cannot be read, kInvalid when it has no records or two columns of one name.
Result<Sample> ReadSample(const std::string& path, const SampleLimits& limits, Env* env);

/// A name for the only device of a file without a device column: the name of the file without
/// folders and endings.
std::string DeviceNameOf(const std::string& path);

}  // namespace avocet
