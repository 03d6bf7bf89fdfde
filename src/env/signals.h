// The process itself: termination signals as a flag, its terminal, what it has used.
#pragma once

#include <atomic>
#include <cstdint>

namespace avocet {

/// After this call SIGINT and SIGTERM set TerminationRequested instead of ending the process; a
/// second one ends it at once (which is safe: it is a crash as any other). SIGPIPE is ignored.
void CatchTermination();

const std::atomic<bool>& TerminationRequested();

/// After this call SIGHUP sets a flag instead of ending the process.
void CatchHangup();
/// Whether there was a SIGHUP since the last call.
bool TakeHangup();

bool StandardInputIsTerminal();
bool StandardErrorIsTerminal();
bool StandardOutputIsTerminal();

/// Largest resident memory of this process so far, and its processor time.
struct ProcessUsage {
  int64_t peak_memory_bytes = 0;
  double user_seconds = 0;
  double system_seconds = 0;
};
ProcessUsage UsageSoFar();

}  // namespace avocet
