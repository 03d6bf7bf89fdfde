// TrackedFile: one file of a file source, from its discovery until it is gone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/model/raw_batch.h"
#include "src/source/file/file_listing.h"
#include "src/source/file/file_position.h"
#include "src/source/records/block_pool.h"
#include "src/source/records/stream_reader.h"

namespace avocet {

/// Keeps its file open while that is wanted, so that the rest of a file that was renamed away or
/// deleted can still be read. Owned by one thread.
class TrackedFile {
 public:
  struct Context {
    Env* env;
    BlockPool* pool;
    SplitOptions options;
  };

  /// `start`: where to begin. `discard`: throw away the records that are there already. Borrows
  /// what `context` points to. kNotFound, kPermission or kIo when the file cannot be read.
  static Result<std::unique_ptr<TrackedFile>> Open(const Context& context, const FoundFile& found,
                                                   const FilePosition& start, bool discard);

  /// Takes note of what the file looks like. One that was truncated or replaced is read again.
  Status Update(const FoundFile& found);

  /// Reads records into `batch`, whose source is set. Nothing more comes before the next Update
  /// that finds growth after kDry, and never after kEnd. `at_end`: the file will not grow any more.
  Result<ReadState> Read(const RecordSplitter::Limits& limits, bool at_end, RawBatch* batch);

  /// Read may deliver something.
  bool pending() const { return !dry_; }
  /// Like Update, for a file that is open but not found at its path any more. `last`: an unfinished
  /// record at its end is to be read, too. REQUIRES: is_open().
  void UpdateMissing(bool last);
  /// Reading failed: try again after the next Update.
  void SetFailed() { failed_ = dry_ = true; }
  /// A sentence about why the file is read again, once; else empty.
  std::string TakeProblem() { return std::exchange(problem_, {}); }

  const std::string& path() const { return position_.path; }
  const FilePosition& position() const { return position_; }
  uint64_t lag_bytes() const;

  bool is_open() const { return file_ != nullptr; }
  /// Closes the file; Read opens it again, by its path.
  void Close();

  /// The position differs from the last one taken.
  bool changed() const { return changed_; }
  void set_changed(bool changed) { changed_ = changed; }

  // For FileSource: found by the last scan; when it was not found for the first time, -1: not so;
  // when it was read last.
  bool seen = true;
  int64_t missing_since_us = -1;
  uint64_t last_read = 0;

 private:
  TrackedFile(const Context& context, const FoundFile& found, const FilePosition& start,
              bool discard);

  Status OpenFile();
  Status OpenReader();
  Status CheckFingerprint(bool* same);
  uint64_t RawBytesRead() const;
  void Restart(std::string problem);
  void Discard(RawBatch* batch) const;
  void TakePosition(ReadState state);

  Context context_;
  FileInfo info_;
  FilePosition position_;
  std::unique_ptr<ReadableFile> file_;
  std::unique_ptr<StreamReader> reader_;
  std::shared_ptr<uint64_t> next_raw_;  // where the reader's stream reads next
  bool dry_ = false;
  bool failed_ = false;
  std::string problem_;
  bool changed_ = false;
  bool discarding_;
  uint64_t discard_below_;
};

}  // namespace avocet
