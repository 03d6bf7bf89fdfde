// Journal: makes push sources replayable. What is appended is on disk before it is acknowledged.
//
// Records are numbered from 0 without a gap. They live in append-only segments in one directory of
// one process (docs/formats/journal.md). Many writers share one sync.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

struct JournalOptions {
  std::string directory;
  uint64_t segment_bytes = uint64_t{32} << 20;
  uint64_t max_bytes = uint64_t{1} << 30;       ///< on disk; at most a quarter of it per segment
  size_t max_pending_bytes = size_t{16} << 20;  ///< accepted and not yet synced
};

/// What is appended, and read back, as a whole: one message, or the records of one request.
struct JournalEntry {
  std::string_view label;    ///< small text of the source's own
  std::string_view payload;  ///< the records
  uint32_t num_records = 1;  ///< how many numbers it takes
};

/// Called once with the number of the first record when the entry is durable, or with why it is
/// not: kNoSpace, kIo. Runs on the journal's thread, so it must not block.
using JournalDone = std::function<void(const Result<uint64_t>& first_record)>;

/// Consistent numbers for health and metrics.
struct JournalStats {
  uint64_t first_record = 0;  ///< oldest that is kept
  uint64_t end_record = 0;    ///< after the newest durable one
  uint64_t disk_bytes = 0;
  uint64_t max_bytes = 0;  ///< that it may take on disk
  uint64_t segments = 0;
  int64_t oldest_us = 0;  ///< when the oldest segment was begun; 0: there is none
  uint64_t pending_bytes = 0;
  uint64_t groups = 0;  ///< written, each with one sync
  uint64_t written_bytes = 0;
  std::chrono::nanoseconds sync_time{0};  ///< spent in all syncs
  /// Why the last group could not be written, or no more is taken; empty when all is well.
  std::string problem;
};

class Journal {
 public:
  /// Creates the directory, or opens what is there: a torn tail is cut at the last valid checksum,
  /// with one log line, and what is left of it made durable. `end_at_least`: records before this
  /// number are in bronze, even when the journal has lost them; none gets such a number again.
  static Result<std::unique_ptr<Journal>> Open(JournalOptions options, Env* env,
                                               uint64_t end_at_least);
  /// Writes what is pending and seals the newest segment. No reader may be left.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Any thread. Takes a copy and returns at once; `done` follows. After an error it is not called:
  /// kUnavailable when too much is pending, so come back in a moment; kNoSpace when the disk bound
  /// is reached, so come back when bronze has caught up; kInvalid when the entry can never fit.
  Status Append(const JournalEntry& entry, JournalDone done);
  /// The same, waiting for the answer.
  Result<uint64_t> AppendAndWait(const JournalEntry& entry);

  /// Any thread. Returns the end of the durable records: as soon as it is beyond `record`, or after
  /// `timeout`.
  uint64_t WaitFor(uint64_t record, std::chrono::nanoseconds timeout);

  /// Any thread. Records before this number are in bronze: segments that hold only such go.
  Status Trim(uint64_t record);
  /// Whether Trim would remove anything.
  bool HasTrimmable(uint64_t record) const;

  JournalStats stats() const;

 private:
  friend class JournalReader;

  struct Segment {
    uint64_t first_record = 0;
    uint64_t size_bytes = 0;
    std::string path;
    int64_t created_us = 0;
  };
  /// Where a record is, as far as it is durable.
  struct Place {
    std::string path;
    uint64_t first_record = 0;  ///< of the segment
    uint64_t end_record = 0;    ///< of the segment
  };
  struct Pending {
    std::string frames;
    std::vector<std::pair<JournalDone, uint32_t>> done;  // with the number of records
  };

  Journal(JournalOptions options, Env* env) : options_(std::move(options)), env_(env) {}

  Status Recover(uint64_t end_at_least);
  void Loop();
  Status WriteGroup(std::string* frames, uint64_t* end_record);
  Status OpenSegment();
  void CloseSegment();
  /// How many segments hold only records before this one. REQUIRES: mutex_ is held.
  size_t CountTrimmable(uint64_t record) const;
  /// The segment of a record that is durable and not trimmed, or of the first one after it.
  std::optional<Place> Find(uint64_t record) const;
  Env* env() const { return env_; }

  const JournalOptions options_;
  Env* const env_;

  // The journal's thread.
  std::unique_ptr<WritableFile> file_;  // null: the next group begins a segment
  uint64_t salt_ = 0;
  uint64_t file_bytes_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable work_;      // for the journal's thread
  std::condition_variable progress_;  // end_record_ has grown
  std::vector<Segment> segments_;     // guarded by mutex_; oldest first, the open one last
  bool last_is_open_ = false;         // guarded by mutex_
  uint64_t end_record_ = 0;           // guarded by mutex_; durable
  Pending pending_;                   // guarded by mutex_
  size_t writing_bytes_ = 0;          // guarded by mutex_; taken from pending_, not yet durable
  bool stopping_ = false;             // guarded by mutex_
  JournalStats stats_;                // guarded by mutex_; the counters of it
  std::string full_;                  // guarded by mutex_; why an entry was refused since a trim
  std::thread thread_;
};

}  // namespace avocet
