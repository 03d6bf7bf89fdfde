// Opening what a journal has left on disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"

namespace avocet {

struct FoundSegment {
  uint64_t first_record = 0;
  uint64_t size_bytes = 0;
  std::string path;
};

/// The segments in a directory, oldest first; none when there is no directory.
Result<std::vector<FoundSegment>> ListSegments(const std::string& directory, Env* env);

/// What the newest segment has to say about the end of the journal.
struct SegmentEnd {
  uint64_t end_record = 0;
  uint64_t valid_bytes = 0;  ///< up to the end of the last valid frame, the seal not counted
  uint64_t torn_bytes = 0;   ///< behind it: written, but never acknowledged
  bool sealed = false;
  uint64_t salt = 0;
  bool has_header = false;
};

/// Reads all of a segment. Damaged entries in the middle are passed over.
Result<SegmentEnd> FindSegmentEnd(const FoundSegment& segment, Env* env);

/// Rewrites an unsealed segment without its torn bytes, sealed and durable. Removes it when it
/// holds no record. Logs one line when something was cut.
Status SealSegment(const FoundSegment& segment, const SegmentEnd& end, Env* env);

}  // namespace avocet
