// Termination signals as a flag, and what is known about the terminal.
#pragma once

#include <atomic>

namespace avocet {

/// After this call SIGINT and SIGTERM set TerminationRequested instead of ending the process; a
/// second one ends it at once (which is safe: it is a crash as any other). SIGPIPE is ignored.
void CatchTermination();

const std::atomic<bool>& TerminationRequested();

bool StandardInputIsTerminal();
bool StandardErrorIsTerminal();
bool StandardOutputIsTerminal();

}  // namespace avocet
