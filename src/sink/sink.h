// Sink: where `simulate` and `replay` send their records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace avocet {

/// What became of the records of a sink.
struct SinkCounts {
  uint64_t sent = 0;          ///< taken by Send
  uint64_t acknowledged = 0;  ///< the other side has them
  uint64_t rejected = 0;      ///< the other side will never take them
  std::string rejection;      ///< why the last of them was rejected
};

/// Owned by one thread. An error is final: what is not acknowledged then may or may not have
/// arrived. kUnavailable: patience ended, which is seconds after a termination signal.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Takes one record, a line with its end, in the order in which records are to arrive. Waits
  /// while too many are under way.
  virtual Status Send(std::string_view line) = 0;
  /// The next record is not due yet: what was collected can go. Does not wait.
  virtual Status Flush() = 0;
  /// Waits until every record is acknowledged or rejected. Called once, at the end.
  virtual Status Close() = 0;
  virtual SinkCounts counts() const = 0;
};

/// A record as it travels alone.
inline std::string_view WithoutLineEnd(std::string_view line) {
  return line.substr(0, line.find_last_not_of('\n') + 1);
}

}  // namespace avocet
