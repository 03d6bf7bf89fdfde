// Replayer: the records of one file, and when each is due when they are replayed in real time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/model/raw_batch.h"
#include "src/source/source.h"

namespace avocet {

struct ReplayOptions {
  std::string path;  ///< a file, glob or directory, as for the file source
  std::string format = "auto";
  size_t max_record_bytes = size_t{1} << 20;
  double speed = 1;  ///< event seconds per second; 0: all at once
  /// The JSON object of a CSV row, or nothing when the row is damaged. REQUIRES: set.
  std::function<std::optional<std::string>(const RawBatch&, const RawRecord&)> row_to_json;
  /// The event time of a record, microseconds since 1970, or nothing when it has none. REQUIRES:
  /// set.
  std::function<std::optional<int64_t>(std::string_view json)> event_time;
};

struct ReplayRecord {
  std::string json;  ///< the record as it stands in the file, or as row_to_json says
  std::optional<int64_t> event_time_us;
  std::chrono::nanoseconds due{0};  ///< since the beginning of the replay
};

/// A record is due when its event time is, counted from the earliest record that had one; those
/// without a time, and those that come too late, are due at once. Owned by one thread.
class Replayer {
 public:
  /// kNotFound, kPermission or kIo when the file cannot be read, kConfig for an unknown format.
  static Result<std::unique_ptr<Replayer>> Open(const ReplayOptions& options, Env* env);

  /// The next record; false at the end.
  Result<bool> Next(ReplayRecord* record);

  /// Event time of the first record that has one. To let the replay begin now, add now minus this
  /// to every time.
  std::optional<int64_t> first_event_time_us() const { return first_us_; }
  /// Records that could not be replayed: too long, damaged compression, damaged CSV rows.
  uint64_t skipped_records() const { return skipped_; }

 private:
  explicit Replayer(const ReplayOptions& options) : options_(options) {}
  Result<bool> Fill();

  ReplayOptions options_;
  std::unique_ptr<Source> source_;
  std::vector<RawBatch> batches_;
  size_t batch_ = 0, record_ = 0;
  bool at_end_ = false;
  std::optional<int64_t> first_us_;
  std::chrono::nanoseconds due_{0};
  uint64_t skipped_ = 0;
};

}  // namespace avocet
