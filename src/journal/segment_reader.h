// SegmentReader: the frames of one journal segment, in order, with what is wrong with them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/journal/journal_format.h"

namespace avocet {

enum class SegmentStep {
  kEntry,    ///< `frame` is an entry
  kSealed,   ///< the segment is complete and ends here
  kEnd,      ///< the bytes end between two frames
  kInvalid,  ///< the bytes at `offset` are no valid frame, or the header is none
};

/// Holds at most a block and the largest frame in memory. Owned by one thread. The file may grow
/// while it is read.
class SegmentReader {
 public:
  static Result<std::unique_ptr<SegmentReader>> Open(const std::string& path, Env* env);

  /// Nothing when it is damaged; then no frame can be read.
  const std::optional<SegmentHeader>& header() const { return header_; }
  const std::string& path() const { return path_; }

  /// Reads the next frame; groups are passed over. The views in `*frame` hold until the next call.
  Result<SegmentStep> Next(Frame* frame);
  /// Of the first byte that Next has not accepted.
  uint64_t offset() const { return offset_; }

  /// What follows invalid bytes.
  struct Tail {
    /// Bytes behind the invalid ones prove that these were durable: they are damaged, not torn.
    bool damaged = false;
    uint64_t next_offset = 0;  ///< of the next valid entry or seal, or the end of the file
  };
  /// REQUIRES: Next has returned kInvalid.
  Result<Tail> InspectTail();
  /// Goes on at a frame that InspectTail has found.
  void SkipTo(uint64_t offset) { offset_ = offset; }

 private:
  SegmentReader(std::string path, std::unique_ptr<ReadableFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  /// The bytes from `offset_` on, at least `size` of them unless the file ends before.
  Result<std::string_view> Peek(size_t size);

  const std::string path_;
  const std::unique_ptr<ReadableFile> file_;
  std::optional<SegmentHeader> header_;
  uint64_t offset_ = 0;
  std::string buffer_;
  uint64_t buffer_offset_ = 0;  // of the first byte of buffer_
};

}  // namespace avocet
